"""Break-fix labs: a world is broken on purpose, the learner finds the link and mends it."""
