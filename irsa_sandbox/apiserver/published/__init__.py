"""What the server tells of itself: groups, versions, kinds, schemas, health."""
