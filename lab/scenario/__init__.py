"""The scenario file: load, check, play its steps and expectations."""

from lab.scenario.source import SourceManifest, load_manifests, parse_manifests

__all__ = ["SourceManifest", "load_manifests", "parse_manifests"]
