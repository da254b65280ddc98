"""JSON patch (RFC 6902); the ways of the Go library that Kubernetes and Karmada use are an option.

The Go library is evanphx/json-patch; `evanphx=True` plays it: negative list indexes count from the
end, an index may have a sign and zeros before it, an absent member equals null to `test`, and its
own error texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class PatchError(ValueError):
    """A patch that is malformed, or does not fit the document it is applied to."""


Change = Callable[[Any, str], Any]


def json_patch(
    document: Any, operations: Sequence[Mapping[str, Any]], *, evanphx: bool = False
) -> Any:
    """Return `document` after all operations; nothing is applied if one of them fails.

    Args:
        document: Any JSON value. It is not changed; the result shares what no operation touched.
        operations: Maps with op, path and, as the op needs them, value or from.
        evanphx: Do as evanphx/json-patch does where it differs from the RFC.

    Raises:
        PatchError: An operation is malformed, its place is missing, or a test failed.

    Example:
        >>> json_patch({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}])
        {'a': [1, 2, 3]}
    """
    if isinstance(operations, dict | str) or not isinstance(operations, Sequence):
        raise PatchError("a JSON patch is a list of operations")
    for operation in operations:
        _check(operation)
    patcher = _Patcher(evanphx)
    for operation in operations:
        document = patcher.apply(document, operation)
    return document


_NEEDS = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from"}


def _check(operation: Any) -> None:
    if not isinstance(operation, dict):
        raise PatchError(f"an operation is a map with op and path, found {operation!r}")
    op = operation.get("op")
    if op not in _NEEDS and op != "remove":
        raise PatchError(f'unknown operation "{op}" (add, remove, replace, move, copy or test)')
    for name in ("path", "from"):
        pointer = operation.get(name)
        if name == "from" and _NEEDS.get(op) != "from":
            continue
        if not isinstance(pointer, str):
            raise PatchError(f'operation "{op}" needs {name}, a JSON pointer')
        if pointer and not pointer.startswith("/"):
            raise PatchError(f'{name} "{pointer}" is no JSON pointer: it must start with "/"')
    if _NEEDS.get(op) == "value" and "value" not in operation:
        raise PatchError(f'operation "{op}" needs a value')


def _steps(pointer: str) -> list[str]:
    if not pointer:
        return []
    steps = pointer[1:].split("/")
    if "~" in pointer:
        return [step.replace("~1", "/").replace("~0", "~") for step in steps]
    return steps


class _MissingError(PatchError):
    """What a pointer names is not there."""


class _Patcher:
    def __init__(self, evanphx: bool) -> None:
        self._evanphx = evanphx

    def apply(self, document: Any, operation: Mapping[str, Any]) -> Any:
        op, path = operation["op"], operation["path"]
        steps = _steps(path)
        if op == "test":
            return self._test(document, path, steps, operation["value"])
        if op == "add":
            return self._add(document, op, path, steps, operation["value"])
        if op == "replace":
            if not steps:
                return operation["value"]
            return self._change(document, op, path, steps, self._replacing(path, operation))
        if op == "remove":
            if not steps:
                if self._evanphx:
                    raise PatchError(f"error in remove for path: '{path}'")
                return None
            return self._change(document, op, path, steps, self._removing(path))
        return self._transfer(document, op, path, steps, operation["from"])

    def _transfer(self, document: Any, op: str, path: str, steps: list[str], source: str) -> Any:
        source_steps = _steps(source)
        if op == "move" and len(steps) > len(source_steps) == _common(steps, source_steps):
            raise PatchError(f'cannot move "{source}" into itself ("{path}")')
        try:
            value = self._get(document, source_steps)
        except PatchError as error:
            raise _MissingError(
                f'{op} operation does not apply: doc is missing from path: "{source}": {error}'
            ) from None
        if op == "move":
            if source_steps == steps:
                return document
            if source_steps:
                change = self._removing(source)
                document = self._change(document, op, source, source_steps, change)
        return self._add(document, op, path, steps, value)

    def _add(self, document: Any, op: str, path: str, steps: list[str], value: Any) -> Any:
        if not steps:
            return value

        def add(holder: Any, step: str) -> Any:
            if isinstance(holder, dict):
                return {**holder, step: value}
            if step == "-":
                return [*holder, value]
            index = self._index(step, len(holder) + 1)
            return [*holder[:index], value, *holder[index:]]

        return self._change(document, op, path, steps, add)

    def _replacing(self, path: str, operation: Mapping[str, Any]) -> Change:
        value = operation["value"]

        def replace(holder: Any, step: str) -> Any:
            if isinstance(holder, dict):
                if step not in holder:
                    raise _MissingError(
                        f"replace operation does not apply: doc is missing key: {path}: "
                        "missing value"
                    )
                return {**holder, step: value}
            copied = list(holder)
            copied[self._index(step, len(holder))] = value
            return copied

        return replace

    def _removing(self, path: str) -> Change:
        def remove(holder: Any, step: str) -> Any:
            if isinstance(holder, dict):
                if step not in holder:
                    raise _MissingError(
                        f"error in remove for path: '{path}': unable to remove nonexistent key: "
                        f"{step}: missing value"
                    )
                return {key: value for key, value in holder.items() if key != step}
            index = self._index(step, len(holder))
            return [*holder[:index], *holder[index + 1 :]]

        return remove

    def _test(self, document: Any, path: str, steps: list[str], value: Any) -> Any:
        try:
            found = self._get(document, steps)
        except _MissingError:
            if not self._evanphx or value is not None:
                raise PatchError(f"testing value {path} failed: it is missing") from None
            try:
                self._get(document, steps[:-1])
            except PatchError:
                raise PatchError(
                    f"test operation does not apply: is missing path: {path}: missing value"
                ) from None
            return document
        if not _same(found, value):
            raise PatchError(f"testing value {path} failed: test failed")
        return document

    def _get(self, document: Any, steps: Sequence[str]) -> Any:
        for step in steps:
            document = self._child(document, step)
        return document

    def _child(self, holder: Any, step: str) -> Any:
        if isinstance(holder, dict):
            if step not in holder:
                raise _MissingError(f"unable to get nonexistent key: {step}: missing value")
            return holder[step]
        if isinstance(holder, list):
            return holder[self._index(step, len(holder))]
        raise _MissingError(f"unable to get nonexistent key: {step}: missing value")

    def _change(self, document: Any, op: str, path: str, steps: list[str], change: Change) -> Any:
        return self._change_at(document, op, path, steps, 0, change)

    def _change_at(
        self, node: Any, op: str, path: str, steps: list[str], depth: int, change: Change
    ) -> Any:
        if not isinstance(node, dict | list):
            raise _MissingError(
                f'{op} operation does not apply: doc is missing path: "{path}": missing value'
            )
        step = steps[depth]
        if depth == len(steps) - 1:
            return change(node, step)
        try:
            child = self._child(node, step)
        except PatchError:
            raise _MissingError(
                f'{op} operation does not apply: doc is missing path: "{path}": missing value'
            ) from None
        changed = self._change_at(child, op, path, steps, depth + 1, change)
        if isinstance(node, dict):
            return {**node, step: changed}
        copied = list(node)
        copied[self._index(step, len(node))] = changed
        return copied

    def _index(self, step: str, size: int) -> int:
        """Return a list index below `size`."""
        negative = self._evanphx and step.startswith("-")
        digits = step[1:] if self._evanphx and step[:1] in {"-", "+"} else step
        plain = digits.isascii() and digits.isdigit()
        if not plain or (not self._evanphx and digits[0] == "0" and digits != "0"):
            raise PatchError(f"value was not a proper array index: '{step}'")
        # The length is looked at first: a number of a million digits is hostile, not an index.
        index = int(digits) if len(digits) < 12 else size + 1
        if negative and index:
            index = size - index
        if not 0 <= index < size:
            raise _MissingError(f"Unable to access invalid index: {step}: invalid index referenced")
        return index


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _same(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are equal; true is not 1, but 1.0 is."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
