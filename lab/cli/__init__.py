"""The shell's front: shell words to verbs, answers to text, errors to exit codes."""
