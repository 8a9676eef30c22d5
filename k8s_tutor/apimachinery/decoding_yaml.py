"""Request bodies in YAML: read by libyaml, with the types of go-yaml and its words for what is wrong.

A module of its own, so that PyYAML is loaded only where YAML comes.
"""

import re
from typing import Any, ClassVar

import yaml

from k8s_tutor.apimachinery.decoded import MAX_DEPTH, Decoded, DecodeError

_MAX_NODES = 1_000_000
_MAX_YAML = 3 * 1024 * 1024


class GoYamlLoader(yaml.CSafeLoader):
    """YAML 1.1 as go-yaml reads it into JSON: timestamps are text, base 60 is unknown, keys are text, y and n booleans."""

    bool_values: ClassVar[dict[str, bool]] = {**yaml.CSafeLoader.bool_values, "y": True, "n": False}

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way of setting resolvers
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":int", ":float"))]
        for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, stream: bytes | str) -> None:
        super().__init__(stream)
        self.duplicates: list[str] = []


_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|(?:0|[1-9][0-9_]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")
GoYamlLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^[yYnN]$"), list("yYnN"))
GoYamlLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(rf"^(?:{_INTEGER.pattern})$"), list("-+0123456789")
)
GoYamlLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(rf"^(?:{_FLOAT.pattern})$"), list("-+0123456789.")
)


def _construct_int(loader: GoYamlLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    digits = text.lstrip("+-")
    if digits[:2].lower() in {"0b", "0o", "0x"}:
        return int(text, 0)
    return int(text, 8) if len(digits) > 1 and digits[0] == "0" else int(text)


def _construct_mapping(loader: GoYamlLoader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        text = key if isinstance(key, str) else "true" if key is True else "false" if key is False else str(key)
        if text in found:
            line = key_node.start_mark.line + 1
            loader.duplicates.append(f'line {line}: key "{text}" already set in map')
        found[text] = loader.construct_object(value_node, deep=True)
    return found


def _construct_float(loader: GoYamlLoader, node: yaml.ScalarNode) -> float:
    number = float(str(loader.construct_scalar(node)).replace("_", ""))
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


GoYamlLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)
GoYamlLoader.add_constructor("tag:yaml.org,2002:float", _construct_float)
GoYamlLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def decode_yaml(body: bytes) -> Decoded:
    """Return the value of a YAML body and its duplicate keys; raises DecodeError."""
    if len(body) > _MAX_YAML:
        raise DecodeError("yaml: document is too large")
    loader = None
    try:
        loader = GoYamlLoader(body)
        value = loader.get_single_data()
        duplicates = loader.duplicates
    except yaml.YAMLError as error:
        raise DecodeError(_yaml_complaint(error)) from None
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"yaml: {error}") from None
    finally:
        if loader is not None:
            loader.dispose()
    _check_aliases(value, {}, 0)
    if not duplicates:
        return Decoded(value, ())
    return Decoded(value, (f"yaml: unmarshal errors:\n  {chr(10).join(duplicates)}",))


def _check_aliases(value: Any, sizes: dict[int, int], depth: int) -> int:
    """Return how many nodes a value has when its aliases are written out.

    Raises:
        DecodeError: it contains itself, is too deep, or grows beyond all measure.
    """
    if not isinstance(value, dict | list):
        return 1
    if id(value) in sizes:
        size = sizes[id(value)]
        if size < 0:
            raise DecodeError("yaml: anchor value contains itself")
        return size
    if depth > MAX_DEPTH:
        raise DecodeError("yaml: exceeded max depth")
    sizes[id(value)] = -1
    items = value.values() if isinstance(value, dict) else value
    size = 1 + sum(_check_aliases(item, sizes, depth + 1) for item in items)
    if size > _MAX_NODES:
        raise DecodeError("yaml: document contains excessive aliasing")
    sizes[id(value)] = size
    return size


def _yaml_complaint(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or not problem:
        return f"yaml: {error}"
    # go-yaml counts the line on which the token began; libyaml's mark is past the line break.
    line = mark.line if mark.column == 0 and mark.line else mark.line + 1
    return f"yaml: line {line}: {problem}"
