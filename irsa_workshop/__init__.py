"""A workshop: a room of many seats, and a stage for whoever shows it."""
