"""How results look: on a terminal, in a notebook, and as the plain text they are."""
