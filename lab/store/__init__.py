"""An API server in memory: objects, versions, owners, watches. Callers pass the time."""
