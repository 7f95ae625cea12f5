"""What a client hears: objects, lists, tables, streams."""
