"""Karmada's control loop, one loop per file. Loops share objects, not one another's code."""
