"""Rules of the field as pure functions on plain manifests: no I/O, no clock, no chance."""
