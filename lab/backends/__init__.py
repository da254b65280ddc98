"""What plays a member cluster: simulated, or real behind a kubeconfig context."""
