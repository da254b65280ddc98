"""The filters, one file each: a cluster must pass all. Pure; they never look at capacity."""
