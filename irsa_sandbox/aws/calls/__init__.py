"""A signed call from its head to its answer."""
