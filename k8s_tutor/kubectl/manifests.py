"""Reading manifests: files, folders, standard input; JSON and YAML streams, with kubectl's words for what is wrong.

Mirrors cli-runtime, ``resource.StreamVisitor`` and apimachinery, ``util/yaml``: a stream is cut at ``---`` lines first,
so line numbers in errors count from the start of their document.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from k8s_tutor.apimachinery.decoding_yaml import GoYamlLoader
from k8s_tutor.kubectl.decoding import undecodable, wrong_type
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.text import quoted

EXTENSIONS = (".json", ".yaml", ".yml")
MAX_BYTES = 16 * 1024 * 1024
MAX_ALIASES = 1000
_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?\r?(?:\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a manifest and where it came from."""

    object: dict[str, Any]
    source: str
    item: bool = False


def documents(
    paths: list[str], cwd: Path, stdin: Any, *, recursive: bool = False, validated: bool = True
) -> Iterator[Document]:
    """Read all objects of the named files, in order.

    Args:
        paths: files, folders, or ``-``.
        cwd: what relative paths start from.
        stdin: the stream behind ``-``.
        recursive: go into folders of folders.
        validated: the verb validates what it reads, and says so.

    Raises:
        CommandError: a path or its content is wrong.
    """
    for file, source in _files(paths, cwd, recursive=recursive):
        if file is None:
            text = stdin.read() if stdin is not None else ""
            text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        else:
            text = _text(file, source)
        yield from parse(text, source, validated=validated)


def parse(text: str, source: str, *, validated: bool = True) -> Iterator[Document]:
    """Read the objects of one stream; lists are taken apart.

    Raises:
        CommandError: with source and line.
    """
    for value in _values(text.removeprefix("\ufeff"), source):
        if value is None:
            continue
        wrong = wrong_type(value) if validated else undecodable(value)
        if wrong and not validated:
            raise CommandError(f"unable to decode {quoted(source)}: {wrong}")
        if wrong:
            raise CommandError(
                f"error validating {quoted(source)}: error validating data: {wrong}; if you choose to ignore these "
                "errors, turn validation off with --validate=false"
            )
        # Without a version a kind is looked for in the core group.
        yield from _flattened(value if value.get("apiVersion") else {**value, "apiVersion": "v1"}, source)


def _flattened(value: dict[str, Any], source: str, *, item: bool = False) -> Iterator[Document]:
    items = value.get("items")
    if not isinstance(items, list) or not value["kind"].endswith("List"):
        yield Document(value, source, item)
        return
    for one in items:
        # The items of a typed list need not name their type.
        typed = {"apiVersion": value.get("apiVersion", ""), "kind": value["kind"].removesuffix("List")}
        whole = typed | {key: one[key] for key in one if one[key] or key not in typed}
        if not whole["kind"]:
            raise CommandError(
                'unable to get type info from the object "*unstructured.Unstructured": '
                "Object 'Kind' is missing in 'object has no kind field '",
                bare=True,
            )
        yield from _flattened(whole, source, item=True)


def _files(paths: list[str], cwd: Path, *, recursive: bool) -> Iterator[tuple[Path | None, str]]:
    missing = []
    found: list[tuple[Path | None, str]] = []
    for name in paths:
        if name == "-":
            found.append((None, "STDIN"))
            continue
        if name.startswith(("http://", "https://")):
            raise CommandError(
                f"{name}: manifests are not fetched from the network here; save the file and apply it from the disk"
            )
        file = cwd / name
        if any(char in name for char in "*?[") and not file.exists():
            matches = sorted(cwd.glob(name))
            found += [(match, str(match.relative_to(cwd))) for match in matches]
            if not matches:
                missing.append(name)
        elif not file.exists():
            missing.append(name)
        elif file.is_dir():
            inside = file.rglob("*") if recursive else file.iterdir()
            chosen = sorted(path for path in inside if path.suffix in EXTENSIONS and path.is_file())
            found += [(path, str(Path(name) / path.relative_to(file))) for path in chosen]
            if not chosen and len(paths) == 1:
                raise CommandError(
                    f"error reading [{name}]: recognized file extensions are [{' '.join(EXTENSIONS)}]", bare=False
                )
        else:
            found.append((file, name))
    if missing:
        raise CommandError("\n".join(f"the path {quoted(name)} does not exist" for name in missing))
    yield from found


def _text(file: Path, source: str) -> str:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise CommandError(
                f"error reading {quoted(source)}: the file is larger than {MAX_BYTES // 1024 // 1024} MiB"
            )
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        content = file.read_bytes()
        is_utf16 = content[:2] in {b"\xff\xfe", b"\xfe\xff"}  # as Windows' PowerShell writes it
        return content.decode("utf-16", "replace") if is_utf16 else content.decode("latin-1")
    except OSError as error:
        raise CommandError(f"the path {quoted(source)} cannot be accessed: {error.strerror}") from None


def _values(text: str, source: str) -> Iterator[Any]:
    if text.lstrip().startswith("{"):
        try:
            yield from _json_stream(text)
            return
        except ValueError as error:
            try:
                values = [read_value(part) for part in _SEPARATOR.split(text)]
            except yaml.YAMLError:
                raise CommandError(f"error parsing {source}: json: {error}") from None
            yield from values
            return
    for part in _SEPARATOR.split(text):
        try:
            value = read_value(part)
        except yaml.YAMLError as error:
            raise CommandError(
                f"error parsing {source}: error converting YAML to JSON: {go_words(error, part)}"
            ) from None
        except RecursionError:
            raise CommandError(f"error parsing {source}: error converting YAML to JSON: exceeded max depth") from None
        yield value


def _json_stream(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    values = []
    while at < len(text):
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            char = text[error.pos : error.pos + 1]
            where = {"Expecting ',' delimiter": "after object key:value pair"}.get(
                error.msg, "looking for beginning of value"
            )
            raise ValueError(f"offset {error.pos}: invalid character {char!r} {where}") from None
        values.append(value)
    yield from values


def read_value(text: str) -> Any:
    """Read one YAML or JSON document as JSON values.

    Raises:
        yaml.YAMLError: malformed, or a bomb of aliases.
    """
    if text.count("*") > MAX_ALIASES:
        _refuse_bomb(text)
    loader = GoYamlLoader(text)
    try:
        return _jsonable(loader.get_single_data(), [0])
    finally:
        loader.dispose()


def _refuse_bomb(text: str) -> None:
    if sum(1 for token in yaml.scan(text) if isinstance(token, yaml.AliasToken)) > MAX_ALIASES:
        raise yaml.YAMLError("document contains excessive aliasing")


def _jsonable(value: Any, count: list[int]) -> Any:
    """Return what JSON can hold; a document that grows without end through aliases is refused."""
    count[0] += 1
    if count[0] > 2_000_000:
        raise yaml.YAMLError("document contains excessive aliasing")
    if isinstance(value, dict):
        return {key: _jsonable(item, count) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item, count) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def go_words(error: yaml.YAMLError, text: str = "") -> str:
    """Return a YAML error in the words of go-yaml, which has the same scanner."""
    if isinstance(error, yaml.MarkedYAMLError):
        problem = error.problem or ""
        if problem.startswith("found undefined alias"):
            mark = error.problem_mark
            rest = text.splitlines()[mark.line][mark.column :] if mark and text else ""
            match = re.match(r"\*([^\s,\]}]+)", rest)
            return f"yaml: unknown anchor '{match.group(1) if match else ''}' referenced"
        line = error.problem_mark.line if error.problem_mark else 0
        if isinstance(error, yaml.scanner.ScannerError):
            line += 1
        return f"yaml: line {line}: {problem}" if line else f"yaml: {problem}"
    return f"yaml: {error}"
