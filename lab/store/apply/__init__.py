"""Server-side apply: who manages which field, and what an applied manifest makes of an object.

Modelled on structured-merge-diff v6 and apimachinery `util/managedfields`.
"""

from lab.store.apply.server_side import Applied, applied_fields, apply, tracked

__all__ = ["Applied", "applied_fields", "apply", "tracked"]
