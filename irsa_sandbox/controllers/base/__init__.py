"""What all controllers share: the loop, the cluster as they see it, owners, Events."""
