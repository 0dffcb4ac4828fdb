"""The demo companies, made by our own generator through the product's own services. Deterministic, clock and all."""
