"""What keeps the cluster in order: scheduling, taints, clearing away."""
