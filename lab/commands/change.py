"""What the changing verbs have in common: finding their objects, writing, and the first line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.commands import flags
from lab.commands.context import Context, Writer
from lab.commands.targets import (
    context_cluster,
    key_for,
    namespace_of_call,
    not_found,
    object_word,
    parse_filter,
    parse_targets,
    server_error,
)
from lab.commands.verb import Args, Result
from lab.core.errors import ApiError, InputError
from lab.core.manifest import Manifest, name_of, namespace_of
from lab.core.model import Action, Key, Patch

if TYPE_CHECKING:
    from lab.core.kinds import Kind


@dataclass(frozen=True, slots=True)
class Subject:
    """One object that a line wants changed."""

    kind: Kind
    key: Key
    object: Manifest

    @property
    def word(self) -> str:
        """The object as first lines name it: `deployment.apps/web`."""
        return object_word(self.kind, self.key.name)


@dataclass(slots=True)
class Answer:
    """Collects the lines of a call; an object that fails does not stop the others."""

    args: Args
    lines: list[str]
    errors: list[str]
    objects: list[Manifest]
    names: list[str]

    @classmethod
    def begin(cls, args: Args) -> Answer:
        """Return an empty answer."""
        return cls(args, [], [], [], [])

    def add(self, line: str, word: str = "", manifest: Manifest | None = None) -> None:
        """Add a first line such as `deployment.apps/web scaled`."""
        self.lines.append(line + flags.dry_suffix(self.args.text("dry-run")))
        self.names.append(word)
        if manifest is not None:
            self.objects.append(manifest)

    def fail(self, error: ApiError | str) -> None:
        """Add the error of one object."""
        self.errors.append(server_error(error) if isinstance(error, ApiError) else error)

    def result(self) -> Result:
        """Return the whole answer, in the form `-o` asks for."""
        from lab.commands.printers import documents
        from lab.commands.printers.text import safe

        form = self.args.text("output")
        code = 1 if self.errors else 0
        document: Any = self.objects
        if form in {"json", "yaml"} and self.objects:
            shown = [documents.without_managed_fields(each) for each in self.objects]
            document = shown[0] if len(shown) == 1 else documents.object_list(shown)
            text = documents.to_json(document) if form == "json" else documents.to_yaml(document)
        else:
            text = "\n".join(safe(each) for each in (self.names if form == "name" else self.lines))
        return Result(text, tuple(self.errors), document, code)


def subjects(
    context: Context,
    args: Args,
    words: Sequence[str],
    answer: Answer,
    *,
    cluster: str | None = None,
) -> list[Subject]:
    """Return the objects that words, `-l`, `--field-selector` and `--all` name.

    Names that do not exist become errors of the answer.

    Raises:
        InputError: No object is named, or names and selectors are mixed.
    """
    world, _ = context.writing()
    place = context_cluster(context, args, world) if cluster is None else cluster
    namespace = namespace_of_call(args, listing=True)
    chosen = parse_filter(args)
    by_filter = bool(args.text("selector") or args.text("field-selector") or args.on("all"))
    found: list[Subject] = []
    for target in parse_targets(words, world.kinds(place)):
        if target.name and by_filter:
            raise InputError("setting 'all' or a selector is not possible with names")
        if target.name:
            key = key_for(target.kind, target.name, namespace, place)
            manifest = world.find(key)
            if manifest is None:
                answer.fail(not_found(target.kind, target.name))
            else:
                found.append(Subject(target.kind, key, manifest))
        elif by_filter:
            kind = target.kind
            inside = namespace if kind.namespaced else None
            found += [
                Subject(kind, key_for(kind, name_of(each), namespace_of(each), place), each)
                for each in world.list(place, kind.api_version, kind.kind, inside)
                if chosen.admits(each)
            ]
        else:
            raise InputError(
                "resource(s) were provided, but no name was specified: "
                "write KIND/NAME, or use -l or --all"
            )
    return found


def carry_out(args: Args, writer: Writer, action: Action) -> Manifest | None:
    """Carry out an action, or only check it with `--dry-run`.

    Raises:
        ApiError: The server refused.
    """
    return writer.execute(action, dry_run=flags.dry(args.text("dry-run")))


def patch_each(
    context: Context,
    args: Args,
    words: Sequence[str],
    body: Callable[[Subject], Any],
    verb: Callable[[Manifest, Manifest], str],
) -> Result:
    """Patch every object the words name with a merge patch, and say so as the tools do.

    Args:
        context: The call's surroundings.
        args: The call's flags.
        words: The objects.
        body: Makes the patch of one object; raises InputError if it cannot be.
        verb: Makes the last word of the first line from the object before and after.
    """
    _, writer = context.writing()
    answer = Answer.begin(args)
    for subject in subjects(context, args, words, answer):
        try:
            after = carry_out(args, writer, Patch(subject.key, body(subject), "merge"))
        except ApiError as error:
            answer.fail(error)
        except InputError as error:
            answer.fail(f"error: {error}")
        else:
            now = after or subject.object
            answer.add(f"{subject.word} {verb(subject.object, now)}", subject.word, now)
    if not answer.lines and not answer.errors:
        answer.fail("error: no objects passed")
    return answer.result()


def split_changes(words: Sequence[str], what: str) -> tuple[list[str], dict[str, str | None]]:
    """Return the objects of a line, and its `key=value` and `key-` words.

    Raises:
        InputError: No change is given, one is given twice, or an object comes after a change.

    Example:
        >>> split_changes(["pods", "web", "a=b", "old-"], "label")
        (['pods', 'web'], {'a': 'b', 'old': None})
    """
    objects: list[str] = []
    changes: dict[str, str | None] = {}
    for word in words:
        is_change = "=" in word or (word.endswith("-") and len(word) > 1)
        if not is_change:
            if changes:
                raise InputError(f"all resources must be specified before {what} changes: {word}")
            objects.append(word)
            continue
        key, equals, value = word.partition("=")
        if not equals:
            key = word[:-1]
        if key in changes and changes[key] != (value if equals else None):
            raise InputError(f"can not both modify and remove a {what} in the same command: {key}")
        changes[key] = value if equals else None
    if not objects:
        raise InputError("one or more resources must be specified as <resource> <name>")
    if not changes:
        raise InputError(f"at least one {what} update is required (key=value, or key- to remove)")
    return objects, changes
