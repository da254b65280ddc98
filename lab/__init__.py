"""fedlab, the federation lab: play multi-cluster policies before the day a region fails."""
