"""Objects as they are kept, and who is told of their changes."""
