"""The verbs, one file each, declared once for the shell, the console and scenario steps."""
