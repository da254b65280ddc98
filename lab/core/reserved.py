"""What Karmada never propagates: its own namespaces and APIs, and namespaces it is told to skip.

Modelled on Karmada v1.19 `pkg/detector/detector.go` (EventFilter), `pkg/util/names/names.go` and
`pkg/util/apigroup.go`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lab.core.errors import InputError
from lab.core.labels import EXECUTION_PREFIX, SKIP_AUTO_PROPAGATION
from lab.core.manifest import Manifest, labels_of, name_of, namespace_of
from lab.core.settings import KarmadaSettings

RESERVED_NAMESPACES = frozenset({"karmada-system", "karmada-cluster"})
RESERVED_GROUPS = frozenset(
    {
        "apps.karmada.io",
        "autoscaling.karmada.io",
        "cluster.karmada.io",
        "config.karmada.io",
        "events.k8s.io",
        "networking.karmada.io",
        "policy.karmada.io",
        "remedy.karmada.io",
        "work.karmada.io",
    }
)
"""API groups the detector does not watch, whatever `--skipped-propagating-apis` adds."""
_RESERVED_KINDS = frozenset({("v1", "Event"), ("coordination.k8s.io/v1", "Lease")})


def is_reserved_namespace(namespace: str) -> bool:
    """Tell whether a namespace is Karmada's own."""
    return namespace in RESERVED_NAMESPACES or namespace.startswith(EXECUTION_PREFIX)


@lru_cache(maxsize=64)
def _skip_patterns(patterns: str) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for text in filter(None, (part.strip() for part in patterns.split(","))):
        try:
            compiled.append(re.compile(f"^{text}$"))
        except re.error as error:
            raise InputError(
                f'skippedPropagatingNamespaces: "{text}" is no regular expression ({error})'
            ) from None
    return tuple(compiled)


def is_skipped_namespace(namespace: str, settings: KarmadaSettings) -> bool:
    """Tell whether `--skipped-propagating-namespaces` (whole-name patterns) covers a namespace.

    Raises:
        InputError: A pattern of the setting is no regular expression.
    """
    patterns = _skip_patterns(settings.skipped_propagating_namespaces)
    return any(pattern.fullmatch(namespace) for pattern in patterns)


def is_reserved_api(api_version: str, kind: str) -> bool:
    """Tell whether objects of a kind are never templates: Karmada's own, events and leases."""
    group = api_version.partition("/")[0]
    return group in RESERVED_GROUPS or (api_version, kind) in _RESERVED_KINDS


def is_template(manifest: Manifest, settings: KarmadaSettings) -> bool:
    """Tell whether the detector looks at an object of the hub at all."""
    api_version, kind = str(manifest.get("apiVersion") or ""), str(manifest.get("kind") or "")
    namespace = namespace_of(manifest)
    if is_reserved_api(api_version, kind):
        return False
    if is_reserved_namespace(namespace) or is_skipped_namespace(namespace, settings):
        return False
    return (namespace, kind, name_of(manifest)) != (
        "kube-system",
        "ConfigMap",
        "extension-apiserver-authentication",
    )


def is_auto_propagated_namespace(manifest: Manifest, settings: KarmadaSettings) -> bool:
    """Tell whether a Namespace object is copied to every member cluster by itself."""
    name = name_of(manifest)
    return (
        name != "default"
        and not is_reserved_namespace(name)
        and not is_skipped_namespace(name, settings)
        and labels_of(manifest).get(SKIP_AUTO_PROPAGATION, "").lower() != "true"
    )
