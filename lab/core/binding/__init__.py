"""Template meets policy: names, building and merging of the bindings that are wanted.

`spec.clusters` is the scheduler's: it is never touched here. Bindings of dependencies are in
`lab.core.attached_binding`.
"""

from lab.core.binding.build import (
    build_binding,
    controller_reference,
    new_binding,
    object_reference,
    workload_affinity_groups,
)
from lab.core.binding.merge import (
    BindingError,
    check_owner,
    merge_binding,
    merge_suspension,
)
from lab.core.binding.names import (
    CLUSTER_RESOURCE_BINDING,
    RESOURCE_BINDING,
    binding_id,
    binding_id_label,
    binding_key,
    binding_kind,
    binding_name,
    depended_by_label,
    reference_key,
    resource_key,
)

__all__ = [
    "CLUSTER_RESOURCE_BINDING",
    "RESOURCE_BINDING",
    "BindingError",
    "binding_id",
    "binding_id_label",
    "binding_key",
    "binding_kind",
    "binding_name",
    "build_binding",
    "check_owner",
    "controller_reference",
    "depended_by_label",
    "merge_binding",
    "merge_suspension",
    "new_binding",
    "object_reference",
    "reference_key",
    "resource_key",
    "workload_affinity_groups",
]
