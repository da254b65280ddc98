"""Objects named in an expression: `deployment/web`, `deployment/prod/web`, `cluster/member1`."""

from __future__ import annotations

from dataclasses import dataclass

from lab.core.errors import InputError, quoted
from lab.core.kinds import Kind, KindRegistry
from lab.core.model import Key


@dataclass(frozen=True, slots=True)
class Reference:
    """A kind and the name of one of its objects."""

    kind: Kind
    namespace: str
    name: str

    def key(self, cluster: str = "") -> Key:
        """Return the key in the hub or in a member."""
        return Key(cluster, self.kind.api_version, self.kind.kind, self.namespace, self.name)


def parse_reference(text: str, kinds: KindRegistry) -> Reference:
    """Return what a reference names; without a namespace it is "default".

    Raises:
        InputError: Not of the form kind/name or kind/namespace/name, or an unknown kind.
    """
    word, slash, rest = text.partition("/")
    namespace, _, name = rest.rpartition("/")
    if not word or not slash or not name or "/" in namespace:
        raise InputError(
            f"{quoted(text)} names no object, needs kind/name (deployment/web) "
            "or kind/namespace/name"
        )
    kind = kinds.resolve(word)
    if namespace and not kind.namespaced:
        raise InputError(f"{quoted(text)}: {kind.kind} has no namespace, needs kind/name")
    return Reference(kind, (namespace or "default") if kind.namespaced else "", name)
