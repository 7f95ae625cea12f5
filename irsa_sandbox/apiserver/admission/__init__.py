"""What is filled in, changed or refused before an object is stored."""
