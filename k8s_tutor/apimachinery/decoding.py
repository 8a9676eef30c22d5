"""Request bodies become objects: JSON and YAML, with duplicate fields found for strict decoding.

Mirrors the serializers of ``k8s.io/apimachinery/pkg/runtime/serializer/json``.  JSON is read by orjson, which keeps the
last of duplicate fields; whether there are any is told by counting colons, and only then the slower reader that names them
runs.  ``conforming.py`` and ``encoding.py`` do the rest.
"""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from k8s_tutor.apimachinery.decoded import MAX_DEPTH, Decoded, DecodeError
from k8s_tutor.apimachinery.json_syntax import complaint

_TOO_DEEP = "couldn't get version/kind; json parse error: exceeded max depth"


def decode(body: bytes, content_type: str = "application/json") -> Any:
    """Return the value of a body; see ``decode_body``."""
    return decode_body(body, content_type).obj


def decode_body(body: bytes, content_type: str = "application/json") -> Decoded:
    """Return the value of a body and its duplicate fields.

    Args:
        body: the bytes of the request.
        content_type: ``application/json``, ``application/yaml`` or one that ends in ``+json`` or ``+yaml``.

    Raises:
        DecodeError: with the words of the real server.
    """
    if "yaml" in content_type and not body.lstrip().startswith(b"{"):
        from k8s_tutor.apimachinery.decoding_yaml import decode_yaml  # PyYAML only where YAML comes

        return decode_yaml(body)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _decode_leniently(body)
    try:
        text = orjson.dumps(value)
    except TypeError:
        raise DecodeError(_TOO_DEEP) from None
    # A duplicate loses its own colon; colons inside of texts stand in both.
    if body.count(b":") == text.count(b":"):
        return Decoded(value, ())
    return Decoded(value, _duplicate_fields(body))


def _decode_leniently(body: bytes) -> Decoded:
    """Read what Go reads and orjson refuses (lone surrogates, broken UTF-8), or say what is wrong."""
    text = body.decode(errors="replace")
    if problem := complaint(text):
        raise DecodeError(f"couldn't get version/kind; json parse error: {problem}")
    try:
        return Decoded(_without_surrogates(json.loads(text)), _duplicate_fields(body))
    except RecursionError:
        raise DecodeError(_TOO_DEEP) from None


def _without_surrogates(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: _without_surrogates(item, depth + 1) for key, item in value.items()}
    return [_without_surrogates(item, depth + 1) for item in value] if isinstance(value, list) else value


def in_order(body: bytes, complaints: list[str]) -> list[str]:
    """Return complaints about a JSON text in the order in which its reader meets what they are about.

    An unknown field is met when its name is read, a duplicate one when its name is read again.
    """
    met: dict[str, int] = {}
    seen: set[str] = set()
    for path in _paths(json.loads(body.decode(errors="replace"), object_pairs_hook=_Pairs), ""):
        kind = "duplicate" if path in seen else "unknown"
        seen.add(path)
        met.setdefault(f"{kind} field {json.dumps(path, ensure_ascii=False)}", len(met))
    return sorted(complaints, key=lambda text: met.get(text, len(met)))


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written."""


def _paths(value: Any, path: str) -> Iterator[str]:
    """Yield the path of each field as often as it is written, in the text's order."""
    if isinstance(value, _Pairs):
        for key, item in value:
            inner = f"{path}.{key}" if path else key
            yield inner
            yield from _paths(item, inner)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, f"{path}[{index}]")


def _duplicate_fields(body: bytes) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen: set[str] = set()
    for path in _paths(json.loads(body.decode(errors="replace"), object_pairs_hook=_Pairs), ""):
        if path in seen:
            found[f"duplicate field {json.dumps(path, ensure_ascii=False)}"] = None
        seen.add(path)
    return tuple(found)
