"""Who moves time, and the federation they move."""
