"""YAML text into plain data, with places kept for errors, and everything hostile refused.

libyaml composes the node graph; this module refuses what would surprise (duplicate keys, expanding anchors, sheer
size) and explains what a beginner meets (tabs, a stray colon). Values are resolved as kubectl's YAML does, except that
timestamps stay text, as Kubernetes wants them. Places of fields are looked up in the graph only when an error needs one.
"""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from k8s_tutor.course.model import Mark
from k8s_tutor.errors import PackError

MAX_BYTES = 10 * 1024 * 1024
MAX_VALUES = 200_000
MAX_DEPTH = 100
FieldPath = Sequence[str | int]


class _Loader(yaml.CSafeLoader):
    """The safe loader without timestamps."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Document:
    """One YAML document: its ``data``, and where each field stands."""

    def __init__(self, data: Any, node: Node | None, file: str) -> None:
        self.data = data
        self.file = file
        self._node = node

    def mark(self, path: FieldPath = ()) -> Mark:
        """Return the place of a field (of its key) or item; of the nearest enclosing one where it is absent."""
        node, best = self._node, self._node
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            best, node = found
        if best is None:
            return Mark(self.file)
        return Mark(self.file, best.start_mark.line + 1, best.start_mark.column + 1)

    def error(self, path: FieldPath, why: str, next_step: str = "") -> PackError:
        """Make the error that a field of this document causes."""
        return pack_error(self.mark(path), field_name(path), why, next_step)


def field_name(path: FieldPath) -> str:
    """Spell a path as ``spec.containers[0].image``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def pack_error(mark: Mark, field: str, why: str, next_step: str = "") -> PackError:
    """Make a PackError whose ``what`` is ``file:line:column: field: message``."""
    what = f"{mark}: {field}: {why}" if field else f"{mark}: {why}"
    return PackError(what, "", next_step or "Next: mend the file at this place.")


def read(path: Path, file: str = "") -> list[Document]:
    """Read all documents of a file; empty ones are left out.

    Args:
        path: the file.
        file: how to call it in errors; the path if not given.

    Raises:
        PackError: missing, too large, not UTF-8, or not the YAML we take.
    """
    shown = file or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise pack_error(
                Mark(shown), "", f"the file is {path.stat().st_size // 1024 // 1024} MB", "Next: 10 MB is the limit."
            )
        raw = path.read_bytes()
    except OSError as error:
        raise PackError(
            f"{shown}: cannot be read.", f"Why: {error.strerror or error}.", "Next: check the path."
        ) from None
    return parse(raw, shown)


def read_one(path: Path, file: str = "") -> Document:
    """Read a file that holds one document.

    Raises:
        PackError: as :func:`read`, and where there is none or more than one.
    """
    documents = read(path, file)
    shown = file or str(path)
    if not documents:
        raise pack_error(Mark(shown), "", "the file is empty", "Next: see docs/pack-format.md for what belongs in it.")
    if len(documents) > 1:
        raise pack_error(
            documents[1].mark(), "", "a second document begins; one is expected", "Next: remove the '---'."
        )
    return documents[0]


def parse(raw: bytes | str, file: str = "input") -> list[Document]:
    """Parse YAML text; see :func:`read`."""
    if len(raw) > MAX_BYTES:
        raise pack_error(Mark(file), "", f"the text is {len(raw) // 1024 // 1024} MB", "Next: 10 MB is the limit.")
    text = _decoded(raw, file)
    loader = _Loader(text)
    documents = []
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                break
            _Inspection(file).admit(node)
            data = loader.construct_document(node)
            if data is not None:
                documents.append(Document(data, node, file))
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, file) from None
    except RecursionError:
        raise pack_error(Mark(file), "", "values are nested too deeply") from None
    except ValueError as error:
        raise pack_error(Mark(file), "", f"a value cannot be read: {error}") from None
    finally:
        loader.dispose()
    return documents


def _decoded(raw: bytes | str, file: str) -> str:
    if isinstance(raw, str):
        return raw.removeprefix("\ufeff")
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise pack_error(
            Mark(file, line, column),
            "",
            "not UTF-8 text",
            "Next: save the file as UTF-8 (it looks like another encoding).",
        ) from None


class _Inspection:
    """Walks a node graph once: duplicate keys, depth, and how large it is with all aliases followed."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def admit(self, node: Node) -> None:
        """Refuse what cannot be taken.

        Raises:
            PackError: naming the place.
        """
        if self._size(node, 0) > MAX_VALUES:
            raise pack_error(
                self._mark(node),
                "",
                f"the document unfolds to more than {MAX_VALUES} values",
                "Next: write it without anchors that repeat each other.",
            )

    def _mark(self, node: Node) -> Mark:
        return Mark(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _size(self, node: Node, depth: int) -> int:
        if isinstance(node, ScalarNode):
            return 1
        known = self._sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            raise pack_error(self._mark(node), "", "an anchor contains itself", "Next: remove the alias.")
        if depth > MAX_DEPTH:
            raise pack_error(self._mark(node), "", f"values are nested more than {MAX_DEPTH} deep")
        self._open.add(id(node))
        size = 1
        if isinstance(node, MappingNode):
            self._refuse_duplicates(node)
            size += sum(1 + self._size(value, depth + 1) for _, value in node.value)
        elif isinstance(node, SequenceNode):
            size += sum(self._size(item, depth + 1) for item in node.value)
        self._open.discard(id(node))
        self._sizes[id(node)] = size
        return size

    def _refuse_duplicates(self, node: MappingNode) -> None:
        seen: dict[Hashable, Node] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise pack_error(
                    self._mark(key),
                    "",
                    "a key is not plain text",
                    "Next: write text before the colon; a template like {{ … }} needs quotes.",
                )
            if key.value in seen and key.value != "<<":
                first = seen[key.value].start_mark.line + 1
                raise pack_error(
                    self._mark(key),
                    key.value,
                    f"the key stands twice (first on line {first})",
                    "Next: keep one of them.",
                )
            seen[key.value] = key


def _child(node: Node | None, step: str | int) -> tuple[Node, Node] | None:
    """Return where a field or item begins, and its value."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key, value
    elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _syntax_error(error: yaml.YAMLError, text: str, file: str) -> PackError:
    """Say in plain words what libyaml stumbled over."""
    place = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if place is None:
        return pack_error(Mark(file), "", f"not YAML: {' '.join(str(error).split())}")
    mark = Mark(file, place.line + 1, place.column + 1)
    lines = text.splitlines()
    line = lines[place.line] if place.line < len(lines) else ""
    before = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    for offset, candidate in ((0, line), (-1, before)):
        indent = candidate[: len(candidate) - len(candidate.lstrip())]
        if "\t" in indent:
            where = Mark(file, place.line + 1 + offset, indent.index("\t") + 1)
            return pack_error(
                where,
                "",
                "a tab is used for indentation; YAML takes only spaces",
                "Next: replace each tab by two spaces.",
            )
    problem = getattr(error, "problem", "") or "the text is malformed"
    context = getattr(error, "context", "") or ""
    advice = {
        "mapping values are not allowed": "Next: quote the text if it contains ': ', or check the indentation above.",
        "could not find expected ':'": "Next: a key needs a colon and a space after it; check this line and the one above.",
        "did not find expected key": "Next: check that this line is indented as its neighbours.",
        "found character that cannot start": "Next: quote the value: it begins with a character that YAML reserves.",
        "found undefined tag handle": "Next: quote the value: it begins with '!'.",
    }
    next_step = next((text for start, text in advice.items() if problem.startswith(start)), "")
    return pack_error(mark, "", f"not YAML: {problem}{f' ({context})' if context else ''}", next_step)
