"""A run is one SQLite file: written as it happens, read and compared later."""
