"""The scenario file: load, check, play its steps and expectations."""
