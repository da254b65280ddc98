"""Walks through what people and misfortune do to a fleet, made up by chance and played."""
