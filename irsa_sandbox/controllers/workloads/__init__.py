"""What makes Pods: Deployments, Jobs and their like."""
