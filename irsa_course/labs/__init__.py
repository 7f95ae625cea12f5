"""The labs as they are worked on: in a notebook, in a terminal; and how a lab's files are made."""
