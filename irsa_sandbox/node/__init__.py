"""What runs beside the kubelet: metadata, the webhook of IRSA, the agent of Pod Identity."""
