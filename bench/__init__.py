"""Measures the product against the floor: what bare, keyed, set-wise SQL needs for the same work on the same files."""
