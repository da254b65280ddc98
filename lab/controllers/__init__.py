"""Karmada's control loop, one loop per file. Loops share objects, never one another's code paths."""
