"""Reading the server's OpenAPI v3 documents in words, for ``explain`` (kubectl, ``pkg/explain/v2``)."""

from typing import Any

from k8s_tutor.kubectl.errors import CommandError

Schema = dict[str, Any]


class Explainer:
    """Explains one kind of a document.

    Args:
        document: the OpenAPI v3 document of the group version.
        recursive: list the fields of fields.
        max_depth: how deep; 0 is without end.
    """

    def __init__(self, document: Schema, *, recursive: bool = False, max_depth: int = 0) -> None:
        self._schemas: Schema = document.get("components", {}).get("schemas", {})
        self._recursive = recursive
        self._max_depth = max_depth

    def kind(self, group: str, version: str, kind: str) -> Schema | None:
        """Find the schema of a kind."""
        wanted = {"group": group, "version": version, "kind": kind}
        for schema in self._schemas.values():
            if wanted in (schema.get("x-kubernetes-group-version-kind") or ()):
                found: Schema = schema
                return found
        return None

    def text(self, schema: Schema, path: list[str]) -> str | None:
        """Return the explanation of a field; None if there is no such field."""
        resolved = self._resolve(schema)
        if not path:
            return self._description(resolved) + self._fields(resolved)
        properties = resolved.get("properties") or {}
        if path[0] in properties:
            inner = properties[path[0]]
            head = ""
            if len(path) == 1:
                head = f"FIELD: {path[0]} <{self._type(inner)}>\n{_long_enum(inner)}\n\n"
            below = self.text(inner, path[1:])
            return None if below is None else head + below
        for inner in (resolved.get("items"), _map_values(resolved), *(resolved.get("allOf") or ())):
            if inner:
                found = self.text(inner, path)
                if found is not None:
                    return found
        return None

    def _resolve(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        if reference:
            found: Schema = self._schemas.get(reference.rsplit("/", 1)[-1], schema)
            return found
        return schema

    def _description(self, schema: Schema) -> str:
        words = "".join(self._descriptions(schema)) or "<empty>"
        return "DESCRIPTION:\n" + indent(4, wrap(76, words)) + "\n"

    def _descriptions(self, schema: Schema) -> list[str]:
        resolved = self._resolve(schema)
        found = [f"{resolved['description']}\n"] if resolved.get("description") else []
        for inner in (*(resolved.get("allOf") or ()), resolved.get("items"), _map_values(resolved)):
            if inner:
                found += self._descriptions(inner)
        return found

    def _fields(self, schema: Schema) -> str:
        listed = self._list(schema, 1, frozenset())
        return f"FIELDS:\n{listed}" if listed else ""

    def _list(self, schema: Schema, level: int, seen: frozenset[str]) -> str:
        reference = schema.get("$ref", "")
        if reference and reference in seen:
            return ""
        seen |= {reference}
        resolved = self._resolve(schema)
        out = []
        for name in sorted(resolved.get("properties") or {}):
            out.append(self._field(resolved, name, level))
            if self._recursive and (not self._max_depth or level < self._max_depth):
                out.append(self._list(resolved["properties"][name], level + 1, seen))
        others = (*(resolved.get("allOf") or ()), resolved.get("items"), _map_values(resolved))
        return "".join([*out, *(self._list(inner, level, seen) for inner in others if inner)])

    def _field(self, schema: Schema, name: str, level: int) -> str:
        field, margin = schema["properties"][name], level * 2
        required = " -required-" if name in (schema.get("required") or ()) else ""
        text = f"{' ' * margin}{name}\t<{self._type(field)}>{required}{_short_enum(field, margin)}\n"
        if self._recursive:
            return text
        words = field.get("description") or "<no description>"
        return text + indent(margin + 2, wrap(78 - margin, words)) + "\n\n"

    def _type(self, schema: Schema) -> str:
        if schema.get("items"):
            return f"[]{self._type(schema['items'])}"
        if _map_values(schema):
            return f"map[string]{self._type(schema['additionalProperties'])}"
        several = schema.get("allOf") or []
        if len(several) == 1 and not schema.get("properties"):
            return self._type(several[0])
        if schema.get("$ref"):
            target = self._resolve(schema)
            if target is schema or target.get("type", "object") == "object":
                return str(schema["$ref"]).rsplit("/", 1)[-1].rsplit(".", 1)[-1]
            return str(target["type"])
        kind = schema.get("type") or "Object"
        return "Object" if kind == "object" else str(kind)


def document(fetch: Any, group: str, version: str, plural: str) -> Schema:
    """Fetch the document of a group version, for one of its resources, through the index.

    Raises:
        CommandError: the server has none.
    """
    key = f"apis/{group}/{version}" if group else f"api/{version}"
    entry = (fetch("/openapi/v3").get("paths") or {}).get(key)
    if entry is None:
        raise CommandError(f'couldn\'t find resource for "{group}/{version}, Resource={plural}"')
    found: Schema = fetch(entry["serverRelativeURL"])
    return found


def _map_values(schema: Schema) -> Schema | None:
    values = schema.get("additionalProperties")
    return values if isinstance(values, dict) and values else None


def _shown(value: Any) -> str:
    return '""' if value == "" else str(value)


def _short_enum(schema: Schema, margin: int) -> str:
    values = schema.get("enum")
    if not values:
        return ""
    text = ", ".join(_shown(value) for value in values[:4])
    return f"\n{' ' * margin}enum: {text}" + (", ...." if len(values) > 4 else "")


def _long_enum(schema: Schema) -> str:
    values = schema.get("enum")
    return "ENUM:" + "".join(f"\n    {_shown(value)}" for value in values) if values else ""


def indent(amount: int, text: str) -> str:
    """Put spaces before every line."""
    pad = " " * amount
    return pad + text.replace("\n", "\n" + pad)


def wrap(limit: int, text: str) -> str:
    """Break lines between words so that none is longer than the limit; breaks that are there stay."""
    out: list[str] = []
    for line in text.split("\n"):
        current = ""
        lines: list[str] = []
        for word in line.split(" "):
            if not current:
                current = word
            elif len(current) + 1 + len(word) > limit:
                lines.append(current)
                current = word
            else:
                current += f" {word}"
        out.append("\n".join([*lines, current]))
    return "\n".join(out)
