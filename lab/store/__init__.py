"""An API server in memory: objects, versions, conflicts, owners, watches. No clock: callers pass the time."""
