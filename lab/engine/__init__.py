"""The controller runtime: events and the time go in, actions go out. It never waits."""
