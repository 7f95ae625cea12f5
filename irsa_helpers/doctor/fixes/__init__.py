"""What mends a link: how it is typed, and what it would do, tried before it is shown."""
