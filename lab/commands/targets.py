"""Which objects a line names: `deployment/web`, `deploy web api`, `pods,svc`, `-l app=web`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.commands.context import Context, World
from lab.commands.verb import Args
from lab.core.errors import ApiError, InputError
from lab.core.manifest import Manifest, get_in, labels_of
from lab.core.model import HUB, Key
from lab.core.selectors import EVERYTHING, Selector, parse_field_selector, parse_selector_text

if TYPE_CHECKING:
    from lab.core.kinds import Kind, KindRegistry

DEFAULT_NAMESPACE = "default"
HUB_WORDS = frozenset({"", "hub", "karmada", "karmada-apiserver"})
"""Contexts that mean the hub; any other context is a member's name."""


@dataclass(frozen=True, slots=True)
class Target:
    """A kind, and one name of it or all of them (`name` empty)."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """`-l` and `--field-selector` together."""

    labels: Selector = EVERYTHING
    fields: tuple[tuple[str, str, bool], ...] = ()

    def admits(self, manifest: Manifest) -> bool:
        """Tell whether an object satisfies both."""
        if not self.labels.matches(labels_of(manifest)):
            return False
        return all(
            (_field(manifest, path) == value) is wanted for path, value, wanted in self.fields
        )


def _field(manifest: Manifest, path: str) -> str:
    value = get_in(manifest, path.split("."), "")
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def parse_targets(words: Sequence[str], kinds: KindRegistry) -> list[Target]:
    """Return what the words name: `KIND[,KIND] [NAME…]` or `KIND/NAME…`.

    Raises:
        InputError: No word at all, or the two forms mixed.
        ApiError: A kind the server does not have (kubectl's own sentence).
    """
    if not words:
        raise InputError(
            'Required resource not specified. Name one: "pods", "deployment/web", "rb,works" …'
        )
    if any("/" in word for word in words):
        return [_slashed(word, kinds) for word in words]
    found = [Target(kind) for part in words[0].split(",") for kind in _kinds_of(part, kinds)]
    if len(words) == 1:
        return found
    return [Target(target.kind, name) for target in found for name in words[1:]]


def _kinds_of(word: str, kinds: KindRegistry) -> Sequence[Kind]:
    """Return the kinds of a category (`all`, `karmada-io`), or the one kind a word means."""
    return kinds.in_category(word) or (kinds.resolve(word),)


def _slashed(word: str, kinds: KindRegistry) -> Target:
    if "/" not in word:
        raise InputError(
            f"there is no need to specify a resource type as a separate argument when passing "
            f'arguments in resource/name form (found "{word}")'
        )
    kind, _, name = word.partition("/")
    if not kind or not name or "/" in name:
        raise InputError(
            f'arguments in resource/name form must have a single resource and name: "{word}"'
        )
    return Target(kinds.resolve(kind), name)


def parse_filter(args: Args) -> Filter:
    """Return the filter of `-l` and `--field-selector`.

    Raises:
        InputError: One of them cannot be read.
    """
    try:
        return Filter(
            parse_selector_text(args.text("selector")),
            parse_field_selector(args.text("field-selector")),
        )
    except ValueError as error:
        raise InputError(str(error)) from None


def namespace_of_call(args: Args, *, listing: bool = False) -> str | None:
    """Return the namespace of a call: `-n`, else default; None with `-A` when listing."""
    if listing and args.on("all-namespaces"):
        return None
    return args.text("namespace") or DEFAULT_NAMESPACE


def context_cluster(context: Context, args: Args, world: World) -> str:
    """Return the cluster that `--context` (or one `-C`) names; else the call's own, or the hub.

    Raises:
        InputError: No member has that name.
    """
    name = args.text("context") or ("" if "clusters" in args.given else context.cluster)
    if not name and "clusters" in args.given:
        chosen = args.words("clusters")
        if len(chosen) != 1:
            raise InputError("-C names one cluster here: a change is made in one place")
        name = chosen[0]
    if name in HUB_WORDS:
        return HUB
    check_members([name], world)
    return name


def check_members(chosen: Sequence[str], world: World) -> None:
    """Raise InputError for names that are no members (karmadactl's own words)."""
    from lab.core.errors import did_you_mean

    members = world.members()
    missing = [name for name in chosen if name not in members]
    if missing:
        near = did_you_mean(missing[0], members) or f" (there are: {', '.join(members) or 'none'})"
        raise InputError(f"clusters don't exist: {','.join(missing)}{near}")


def with_seen(registry: KindRegistry, seen: Iterable[tuple[str, str, bool]]) -> KindRegistry:
    """Return a registry that also knows kinds that were only seen, never defined.

    Args:
        registry: The kinds a server serves; it is not changed.
        seen: apiVersion, kind, and whether its objects stand in namespaces.
    """
    from lab.core.kinds import KindRegistry, guess

    unknown = [
        guess(api_version, kind, namespaced=namespaced)
        for api_version, kind, namespaced in seen
        if registry.get(api_version, kind) is None
    ]
    return KindRegistry([*registry.all(), *unknown]) if unknown else registry


def key_for(kind: Kind, name: str, namespace: str | None, cluster: str = HUB) -> Key:
    """Return the key of an object of a kind; cluster-scoped kinds have no namespace."""
    inside = (namespace or DEFAULT_NAMESPACE) if kind.namespaced else ""
    return Key(cluster, kind.api_version, kind.kind, inside, name)


def object_word(kind: Kind, name: str) -> str:
    """Return the object as kubectl's first lines name it: `deployment.apps/web`, `pod/web`."""
    return f"{kind.singular}.{kind.group}/{name}" if kind.group else f"{kind.singular}/{name}"


def not_found(kind: Kind, name: str) -> ApiError:
    """Return the error of an API server that has no such object."""
    return ApiError(404, "NotFound", f'{kind.resource} "{name}" not found')


def server_error(error: ApiError) -> str:
    """Return the line kubectl prints for a server's refusal.

    Example:
        >>> server_error(ApiError(404, "NotFound", 'pods "x" not found'))
        'Error from server (NotFound): pods "x" not found'
    """
    if error.reason == "Invalid":
        return f"The {error.message}" if not error.message.startswith("The ") else error.message
    return f"Error from server ({error.reason}): {error.message}"
