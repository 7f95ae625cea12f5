"""A container: pulled, started, probed, started again, its log."""
