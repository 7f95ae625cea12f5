"""A room: one JupyterHub, and for each learner a seat with a world of its own."""
