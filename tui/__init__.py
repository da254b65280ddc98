"""The terminal UI. It imports lab.session and lab.core only."""
