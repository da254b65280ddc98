"""The shell front: arguments to commands, results to text, JSON, YAML, JUnit."""
