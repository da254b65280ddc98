"""How clients name a request, or a server they cannot reach, in their errors."""

from __future__ import annotations

from lab.backends.simulated.api.link import Link
from lab.core.errors import ApiError
from lab.core.fnv import fnv1a_32
from lab.core.kinds import KindRegistry
from lab.core.model import Action, Create, Delete, Patch, Probe, Subscribe, Update

_VERBS = {Create: "Post", Update: "Put", Patch: "Patch", Delete: "Delete"}


def host_of(cluster: str) -> str:
    """Return the host and port a member's API server has."""
    return f"{cluster}.fedlab.invalid:6443"


def address_of(cluster: str) -> str:
    """Return an address for that host, of the block reserved for benchmarks (198.18.0.0/15)."""
    number = fnv1a_32(cluster.encode())
    return f"198.{18 + (number >> 16) % 2}.{(number >> 8) % 256}.{number % 254 + 1}:6443"


def verb_and_url(
    action: Action, cluster: str, kinds: KindRegistry, timeout_s: float
) -> tuple[str, str]:
    """Return the verb and the URL of a request."""
    query = f"?timeout={timeout_s:g}s"
    base = f"https://{host_of(cluster)}"
    if isinstance(action, Probe):
        return "Get", f"{base}/readyz{query}"
    key = action.key
    kind = kinds.get(key.api_version, key.kind)
    plural = kind.plural if kind is not None else f"{key.kind.lower()}s"
    place = f"/api/{key.api_version}" if "/" not in key.api_version else f"/apis/{key.api_version}"
    if key.namespace:
        place += f"/namespaces/{key.namespace}"
    place += f"/{plural}"
    if isinstance(action, Subscribe):
        return "Get", f"{base}{place}{query}"
    if not isinstance(action, Create):
        place += f"/{key.name}"
    if subresource := getattr(action, "subresource", ""):
        place += f"/{subresource}"
    return _VERBS.get(type(action), "Patch"), f"{base}{place}{query}"


def unreachable(cluster: str, link: Link) -> ApiError:
    """Return what kubectl says to a person if a member's API server is down."""
    if link.dark:
        text = f"Unable to connect to the server: dial tcp {address_of(cluster)}: i/o timeout"
    else:
        text = f"The connection to the server {host_of(cluster)} was refused"
        text += " - did you specify the right host or port?"
    return ApiError(503, "ServiceUnavailable", text)
