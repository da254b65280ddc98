"""Pure planning: where would these objects go, and why. No clock, no engine."""
