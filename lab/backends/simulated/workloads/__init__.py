"""Models of the controllers that act on workloads, and the truth of service."""
