"""What all the rest stands on, the sandbox as well: names, files, descriptions, no cluster."""
