"""What the controllers put into every namespace: its service account and the cluster's CA."""

from __future__ import annotations

from lab.backends.simulated.api.defaults import namespace_objects
from lab.backends.simulated.workbench import Workbench
from lab.core.manifest import is_deleting
from lab.core.model import Key, key_of


class Namespaces:
    """The service account and root CA publishers. Deletion of a namespace is the store's."""

    api_version = "v1"
    kind = "Namespace"

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def reconcile(self, key: Key, now_s: float) -> None:
        """Create what is missing."""
        namespace = self._bench.store.find(key)
        if namespace is None or is_deleting(namespace):
            return
        for manifest in namespace_objects(key.name):
            if self._bench.store.find(key_of(manifest, self._bench.name)) is None:
                self._bench.create(manifest, now_s)
