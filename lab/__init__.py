"""fedlab, the federation lab: play multi-cluster Kubernetes policies before the day a region fails."""
