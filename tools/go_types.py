"""Reads type declarations from Go source: enough of the language for the API packages of Kubernetes.

A package is a folder; each ``type X …`` becomes a Declaration with its fields (name, type expression, struct tag, doc
comment).  Type expressions stay text (``*int32``, ``[]metav1.Condition``) together with the file's imports, so that the
generator can follow them into other packages.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

_TYPE = re.compile(r"^type (\w+) =? ?(struct \{|.*)$")
_GROUPED = re.compile(r"^\t(\w+) =? ?(struct \{|[\w.\[\]*]+)$")
_FIELD = re.compile(r"^\t(?:(\w+)\s+)?([\w.\[\]*]+)(?:\s+`([^`]*)`)?\s*(?://.*)?$")
_IMPORT = re.compile(r'^\s*(?:import\s+)?(?:(\w+)\s+)?"([^"]+)"\s*(?://.*)?$')
_TAG = re.compile(r'(\w+):"((?:[^"\\]|\\.)*)"')


@dataclass
class GoField:
    """A field of a struct; an embedded one has no name."""

    name: str
    type: str
    tags: dict[str, str]
    doc: list[str]


@dataclass
class Declaration:
    """A named type; ``fields`` is None unless it is a struct, then ``underlying`` is empty."""

    package: "Package"
    name: str
    underlying: str
    fields: list[GoField] | None
    imports: dict[str, str]
    doc: list[str]


@dataclass
class Package:
    """A Go package: its import path, its short name and its types."""

    path: str
    name: str = ""
    types: dict[str, Declaration] = field(default_factory=dict)


def read_package(path: str, folder: Path) -> Package:
    """Return the package at ``folder``, known to importers as ``path``."""
    package = Package(path)
    for file in sorted(folder.glob("*.go")):
        if not file.name.endswith("_test.go") and not file.name.startswith(("zz_generated", "generated.pb")):
            _read_file(package, file.read_text())
    return package


def _imports(text: str) -> dict[str, str]:
    found = {}
    head = re.split(r"^(?:type|func|const|var) ", text, maxsplit=1, flags=re.MULTILINE)[0]
    for line in head.splitlines():
        if match := _IMPORT.match(line):
            alias, path = match.groups()
            found[alias or path.rpartition("/")[2]] = path
    return found


def _read_file(package: Package, text: str) -> None:
    if name := re.search(r"^package (\w+)", text, re.MULTILINE):
        package.name = name.group(1)
    imports = _imports(text)
    lines = iter(text.splitlines())
    doc: list[str] = []
    grouped = False
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("//"):
            doc.append(stripped[2:].strip())
            continue
        grouped = line == "type (" or (grouped and line != ")")
        match = _TYPE.match(line) or (_GROUPED.match(line) if grouped else None)
        if match and match.group(2) != "(":
            name_, body = match.groups()
            fields = _read_fields(lines) if body == "struct {" else [] if body == "struct{}" else None
            underlying = "" if fields is not None else body.split("//")[0].strip()
            package.types[name_] = Declaration(package, name_, underlying, fields, imports, doc)
        doc = []


def _read_fields(lines: "object") -> list[GoField]:
    found: list[GoField] = []
    doc: list[str] = []
    for line in lines:  # type: ignore[attr-defined]
        if line.rstrip() in {"}", "\t}"}:
            break
        stripped = line.strip()
        if stripped.startswith("//"):
            doc.append(stripped[2:].strip())
            continue
        match = _FIELD.match(line)
        if match:
            name, type_, tag = match.groups()
            found.append(GoField(name or "", type_, dict(_TAG.findall(tag or "")), doc))
        if stripped:
            doc = []
    return found
