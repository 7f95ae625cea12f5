"""The sandbox as one process: opened, its parts started, steered and shown."""
