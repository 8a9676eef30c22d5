"""Builds the compact field tables from Go types and OpenAPI definitions.

A table entry is ``[json name, reference, flags, protobuf number, extras?]``.  A reference is a leaf kind
(``"string"``, or ``["string", "v1.PodPhase"]`` where Go names the type), a struct (``"#io.k8s.…"``), a list
(``["l", reference]``) or a map (``["m", reference]``), the last two with a third item where Go names them.
"""

import json
from pathlib import Path
from typing import Any

from tools.go_types import Declaration, GoField, Package, read_package

OMIT_EMPTY, OMIT_ZERO, POINTER, REQUIRED = 1, 2, 4, 8

_META = "k8s.io/apimachinery/pkg/apis/meta/v1"
_EXTENSIONS = "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
_METRICS = "k8s.io/metrics/pkg/apis/metrics/v1beta1"
_SPECIAL = {
    ("k8s.io/apimachinery/pkg/api/resource", "Quantity"): "Quantity",
    ("k8s.io/apimachinery/pkg/util/intstr", "IntOrString"): "IntOrString",
    (_META, "Time"): "Time",
    (_META, "MicroTime"): "MicroTime",
    (_META, "Duration"): "Duration",
    (_META, "FieldsV1"): "FieldsV1",
    ("k8s.io/apimachinery/pkg/runtime", "RawExtension"): "RawExtension",
    ("k8s.io/apimachinery/pkg/runtime", "Object"): "RawExtension",
    (_EXTENSIONS, "JSON"): "JSON",
    (_EXTENSIONS, "JSONSchemaPropsOrBool"): "SchemaOrBool",
    (_EXTENSIONS, "JSONSchemaPropsOrArray"): "SchemaOrArray",
    (_EXTENSIONS, "JSONSchemaPropsOrStringArray"): "SchemaOrStrings",
}
_PRIMITIVE = {
    "string": "string", "bool": "bool", "int32": "int32", "int64": "int64", "int": "int64", "float64": "float",
    "[]byte": "bytes", "uint32": "int64", "uint64": "int64", "byte": "int32", "interface{}": "JSON", "any": "JSON",
}  # fmt: skip


def package_path(group_version: str) -> str:
    """Return the import path of the package that declares a served group version."""
    group, _, version = group_version.rpartition("/")
    if group == "apiextensions.k8s.io":
        return _EXTENSIONS
    if group == "apiregistration.k8s.io":
        return "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
    return f"k8s.io/api/{group.split('.')[0] or 'core'}/{version}"


def full_name(path: str, name: str) -> str:
    """Return the OpenAPI name of a Go type."""
    return f"io.{path.replace('k8s.io/', 'k8s.', 1).replace('/', '.')}.{name}"


class TableBuilder:
    """Follows the types of all served kinds and describes each struct once."""

    def __init__(self, folders: dict[str, Path], specification: Path, group_versions: list[str]) -> None:
        self.folders = folders
        self.packages: dict[str, Package] = {}
        self.definitions = _definitions(specification)
        self.types: dict[str, list[Any]] = {}
        self.docs: dict[str, list[Any]] = {}
        self.kinds: dict[str, str] = {}
        served = {group_version: package_path(group_version) for group_version in group_versions}
        served |= {"metrics.k8s.io/v1beta1": _METRICS, "meta.k8s.io/v1": _META}
        for group_version, path in served.items():
            for declaration in list(self.package(path).types.values()):
                if any(field.type.endswith("TypeMeta") for field in declaration.fields or ()):
                    self.kinds[f"{group_version}/{declaration.name}"] = self.struct(declaration)

    def tables(self) -> dict[str, Any]:
        """Return kinds and types."""
        return {"kinds": self.kinds, "types": self.types}

    def descriptions(self) -> dict[str, list[Any]]:
        """Return ``{type: [description, {field: description}]}``."""
        return self.docs

    def package(self, path: str) -> Package:
        if path not in self.packages:
            module, _, rest = path.removeprefix("k8s.io/").partition("/")
            self.packages[path] = read_package(path, self.folders[module] / rest)
        return self.packages[path]

    def find(self, name: str, near: Declaration) -> Declaration:
        alias, dot, simple = name.rpartition(".")
        return (self.package(near.imports[alias]) if dot else near.package).types[simple]

    def struct(self, declaration: Declaration) -> str:
        name = full_name(declaration.package.path, declaration.name)
        if name not in self.types:
            rows: list[list[Any]] = []
            definition = self.definitions.get(name, {})
            extras = {"atomic": 1} if _marked(definition, declaration, "map-type", "structType") == "atomic" else {}
            self.types[name] = [f"{declaration.package.name}.{declaration.name}", rows, extras]
            self.docs[name] = [definition.get("description") or _prose(declaration.doc), {}]
            self.add_fields(rows, declaration, definition, self.docs[name][1], [])
        return name

    def add_fields(
        self,
        rows: list[list[Any]],
        owner: Declaration,
        definition: dict[str, Any],
        docs: dict[str, str],
        way: list[Any],
    ) -> None:
        for field in owner.fields or ():
            name, _, options = field.tags.get("json", "").partition(",")
            if name == "-" or not (field.tags or field.type.endswith("Meta")):
                continue
            number = int((field.tags.get("protobuf", "") + ",0").split(",")[1])
            if not name:
                inner = self.find(field.type.lstrip("*"), owner)
                step = [number, field.name or inner.name, inner.name]
                self.add_fields(rows, inner, definition, docs, [*way, step])
                continue
            schema = definition.get("properties", {}).get(name, {})
            row, doc = self.row(field, name, options, number, owner, schema)
            if name in definition.get("required", ()):
                row[2] |= REQUIRED
            if way:
                row[4]["embed"] = way
            rows.append(row if row[4] else row[:4])
            docs[name] = doc

    def row(
        self, field: GoField, name: str, options: str, number: int, owner: Declaration, schema: dict[str, Any]
    ) -> tuple[list[Any], str]:
        flags = OMIT_EMPTY * ("omitempty" in options) + OMIT_ZERO * ("omitzero" in options)
        flags += POINTER * field.type.startswith("*")
        marks = dict(line[1:].partition("=")[::2] for line in field.doc if line.startswith("+"))
        extras: dict[str, Any] = {}
        if field.name != name[0].upper() + name[1:]:
            extras["go"] = field.name or field.type.rpartition(".")[2]
        if kind := schema.get("x-kubernetes-list-type") or (not schema and marks.get("listType")):
            extras["list"] = kind
        keys = schema.get("x-kubernetes-list-map-keys") or [
            line.partition("=")[2] for line in field.doc if not schema and line.startswith("+listMapKey=")
        ]
        if keys:
            extras["keys"] = keys
        map_type = schema.get("x-kubernetes-map-type") or marks.get("mapType")
        if map_type == "atomic" or (map_type == "granular" and "$ref" in schema):
            extras[map_type] = 1
        if "patchStrategy" in field.tags:
            extras["patch"] = field.tags["patchStrategy"]
        if "patchMergeKey" in field.tags:
            extras["merge"] = field.tags["patchMergeKey"]
        if "enum" in schema:
            extras["enum"] = schema["enum"]
        if isinstance(schema.get("default"), str | int | bool):
            extras["default"] = schema["default"]
        description = schema.get("description") or _prose(field.doc)
        return [name, self.reference(field.type.lstrip("*"), owner), flags, number, extras], description

    def reference(self, expression: str, near: Declaration) -> Any:
        if expression in _PRIMITIVE:
            return _PRIMITIVE[expression]
        if expression.startswith("[]"):
            return ["l", self.reference(expression[2:].lstrip("*"), near)]
        if expression.startswith("map["):
            return ["m", self.reference(expression.partition("]")[2].lstrip("*"), near)]
        declaration = self.find(expression, near)
        if special := _SPECIAL.get((declaration.package.path, declaration.name)):
            if special.startswith("Schema"):
                self.struct(declaration.package.types["JSONSchemaProps"])
            return special
        if declaration.fields is not None:
            return f"#{self.struct(declaration)}"
        shown = f"{declaration.package.name}.{declaration.name}"
        inner = self.reference(declaration.underlying, declaration)
        if isinstance(inner, str):
            return inner if inner.startswith("#") else [inner, shown]
        return [*inner[:2], shown]


def _definitions(specification: Path) -> dict[str, Any]:
    """Return all definitions of the OpenAPI v3 documents, references to one schema flattened."""
    found: dict[str, Any] = {}
    for file in sorted((specification / "v3").glob("*.json")):
        found |= json.loads(file.read_text()).get("components", {}).get("schemas", {})
    return found


def _marked(definition: dict[str, Any], declaration: Declaration, extension: str, mark: str) -> str | None:
    if definition:
        return definition.get(f"x-kubernetes-{extension}")
    return next((line.partition("=")[2] for line in declaration.doc if line.startswith(f"+{mark}=")), None)


def _prose(doc: list[str]) -> str:
    return " ".join(line for line in doc if line and not line.startswith("+"))
