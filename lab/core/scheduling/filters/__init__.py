"""The filters, one file each: a cluster must pass all of them. Pure; they never look at capacity."""
