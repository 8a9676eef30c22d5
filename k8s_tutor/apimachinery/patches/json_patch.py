"""JSON patch (RFC 6902), with the tolerance and words of the library that kube-apiserver uses (evanphx/json-patch v4).

The server answers every failure to apply with the same generic 422; the words here are for logs and for ``kubectl
patch --local``.
"""

from collections.abc import Sequence
from typing import Any

from k8s_tutor.apimachinery.leaves import json_kind
from k8s_tutor.apimachinery.patches.errors import PatchError
from k8s_tutor.apimachinery.unstructured import clone

_MAX_OPERATIONS = 10_000


def apply_json_patch(document: Any, patch: Any) -> Any:
    """Return ``document`` after the operations of ``patch``; neither is changed.

    Raises:
        PatchError: ``malformed`` where the patch is no list of operations.
    """
    if not isinstance(patch, list):
        text = f"error decoding patch: json: cannot unmarshal {json_kind(patch)} into Go value of type []handlers.jsonPatchOp"
        raise PatchError(text, malformed=True)
    if len(patch) > _MAX_OPERATIONS:
        raise PatchError(
            f"The allowed maximum operations in a JSON patch is {_MAX_OPERATIONS}, got {len(patch)}", excessive=True
        )
    holder = {"": clone(document)}
    for operation in patch:
        if not isinstance(operation, dict):
            text = f"json: cannot unmarshal {json_kind(operation)} into Go value of type handlers.jsonPatchOp"
            raise PatchError(f"error decoding patch: {text}", malformed=True)
        _apply(holder, operation)
    return holder[""]


def _steps(path: Any) -> list[str]:
    if not isinstance(path, str):
        raise PatchError("missing value")
    if not path:
        return []
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _apply(holder: dict[str, Any], operation: dict[str, Any]) -> None:
    steps = _steps(operation.get("path"))
    match operation.get("op"):
        case "add":
            _add(holder, steps, clone(_value(operation)), "add")
        case "remove":
            _remove(holder, steps, "remove")
        case "replace":
            _find(holder, steps, "replace")
            _replace(holder, steps, clone(_value(operation)))
        case "move":
            _add(holder, steps, _remove(holder, _steps(operation.get("from")), "move"), "move")
        case "copy":
            _add(holder, steps, clone(_find(holder, _steps(operation.get("from")), "copy")), "copy")
        case "test":
            _test(holder, steps, operation)
        case other:
            raise PatchError(f"Unexpected kind: {other or ''}")


def _value(operation: dict[str, Any]) -> Any:
    return operation.get("value")


def _pointer(steps: Sequence[str]) -> str:
    return "".join(f"/{step}" for step in steps)


def _index(step: str, length: int, what: str, path: str) -> int:
    try:
        index = int(step)
    except ValueError:
        raise PatchError(f"{what} operation does not apply: doc is missing path: {path}: invalid index") from None
    if index < 0:
        # The library counts negative indexes from the end.
        index += length
    if not 0 <= index < length:
        raise PatchError(f"Unable to access invalid index: {step}: invalid index referenced")
    return index


def _child(container: Any, step: str, what: str, path: str) -> Any:
    if isinstance(container, list):
        return container[_index(step, len(container), what, path)]
    if isinstance(container, dict) and step in container:
        return container[step]
    raise _missing(what, path)


def _missing(what: str, path: str) -> PatchError:
    shown = f'"{path}"' if what in {"add", "remove"} else path
    return PatchError(f"{what} operation does not apply: doc is missing path: {shown}: missing value")


def _container(holder: dict[str, Any], steps: Sequence[str], what: str) -> tuple[Any, str]:
    """Return the container of the last step and that step."""
    steps = ["", *steps]
    current: Any = holder
    for step in steps[:-1]:
        current = _child(current, step, what, _pointer(steps[1:]))
    if not isinstance(current, dict | list):
        raise _missing(what, _pointer(steps[1:]))
    return current, steps[-1]


def _find(holder: dict[str, Any], steps: Sequence[str], what: str) -> Any:
    container, step = _container(holder, steps, what)
    return _child(container, step, what, _pointer(steps))


def _add(holder: dict[str, Any], steps: Sequence[str], value: Any, what: str) -> None:
    container, step = _container(holder, steps, what)
    if isinstance(container, dict):
        container[step] = value
    elif step == "-" or step == str(len(container)):
        container.append(value)
    else:
        container.insert(_index(step, len(container), what, _pointer(steps)), value)


def _replace(holder: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    container, step = _container(holder, steps, "replace")
    if isinstance(container, dict):
        container[step] = value
    else:
        container[_index(step, len(container), "replace", _pointer(steps))] = value


def _remove(holder: dict[str, Any], steps: Sequence[str], what: str) -> Any:
    container, step = _container(holder, steps, what)
    if what == "remove" and isinstance(container, dict) and step not in container:
        why = f"Unable to remove nonexistent key: {step}: missing value"
        raise PatchError(f"error in remove for path: '{_pointer(steps)}': {why}")
    value = _child(container, step, what, _pointer(steps))
    if isinstance(container, dict):
        del container[step]
    else:
        del container[_index(step, len(container), what, _pointer(steps))]
    return value


def _test(holder: dict[str, Any], steps: Sequence[str], operation: dict[str, Any]) -> None:
    wanted = _value(operation)
    try:
        found = _find(holder, steps, "test")
    except PatchError:
        # An absent value equals null.
        if wanted is None:
            return
        raise
    if not json_equal(found, wanted):
        raise PatchError(f"testing value {_pointer(steps)} failed: test failed")


def json_equal(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(json_equal(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)
