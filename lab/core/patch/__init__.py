"""Patches of manifests: JSON patch, merge patch, strategic merge patch, and the difference of two.

All of them copy along the path of the change and share the rest; none changes its arguments.
"""

from lab.core.patch.diff import Difference, changed_paths, merge_patch_between
from lab.core.patch.json_patch import PatchError, json_patch
from lab.core.patch.merge_patch import merge_patch
from lab.core.patch.strategic_merge import strategic_merge, strategic_merge_typed

__all__ = [
    "Difference",
    "PatchError",
    "changed_paths",
    "json_patch",
    "merge_patch",
    "merge_patch_between",
    "strategic_merge",
    "strategic_merge_typed",
]
