"""The life of an object: made, changed, deleted."""
