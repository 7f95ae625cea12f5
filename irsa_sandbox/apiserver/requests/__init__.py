"""A request as it is read: what it is about, its options, its body."""
