"""How a program runs on this machine: its environment, its user, its view of the files, its end."""
