"""Chooses the database of a test run before settings are read."""
