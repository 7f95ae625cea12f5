"""A Pod's files: its volumes, and what keeps them below the folders that are its own."""
