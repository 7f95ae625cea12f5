"""IRSA Lab."""
