"""Break-fix labs: a world is broken on purpose, the learner finds the link and mends it."""

from irsa_helpers.labs.notebook import board, lab

__all__ = ["board", "lab"]
