"""``-o custom-columns=HEADER:.path,…`` and ``custom-columns-file`` (kubectl, ``cmd/get``)."""

from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.jsonpath import JSONPath, JSONPathError, relaxed
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.printers.table import aligned_columns
from k8s_tutor.kubectl.text import go_value

_NO_FILE = "invalid template, missing {} line. Expected format is one line of space separated headers, one line of space separated column specs."


class CustomColumns:
    """Prints chosen fields of objects as columns.

    Args:
        headers: of the columns.
        paths: JSONPath of each.
        no_headers: leave the header line out.

    Raises:
        CommandError: a path is malformed.
    """

    def __init__(self, headers: list[str], paths: list[str], *, no_headers: bool = False) -> None:
        self.headers = headers
        self.no_headers = no_headers
        try:
            self._paths = [JSONPath(relaxed(path)) for path in paths]
        except JSONPathError as error:
            raise CommandError(str(error)) from None

    @classmethod
    def from_spec(cls, spec: str, *, no_headers: bool = False) -> "CustomColumns":
        """Read ``NAME:.metadata.name,…``."""
        if not spec:
            raise CommandError("custom-columns format specified but no custom columns given")
        headers, paths = [], []
        for part in spec.split(","):
            header, colon, path = part.partition(":")
            if not colon:
                raise CommandError(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
            headers.append(header)
            paths.append(path)
        return cls(headers, paths, no_headers=no_headers)

    @classmethod
    def from_file(cls, file: Path, name: str) -> "CustomColumns":
        """Read a file of a line of headers and a line of paths."""
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise CommandError(
                f"error reading template {name}, open {name}: {(error.strerror or '').lower()}"
            ) from None
        if not lines:
            raise CommandError(_NO_FILE.format("header"))
        if len(lines) < 2:
            raise CommandError(_NO_FILE.format("spec"))
        headers, paths = lines[0].split(), lines[1].split()
        if len(headers) != len(paths):
            raise CommandError(
                f"number of headers ({len(headers)}) and field specifications ({len(paths)}) don't match"
            )
        return cls(headers, paths)

    def text(self, items: list[dict[str, Any]]) -> str:
        """Return the aligned lines."""
        rows = [[self._cell(path, item) for path in self._paths] for item in items]
        if not rows and self.no_headers:
            return ""
        return aligned_columns(rows, None if self.no_headers else self.headers)

    def _cell(self, path: JSONPath, item: dict[str, Any]) -> str:
        values = path.find(item)
        return ",".join(go_value(value).replace("\x1b", "^[") for value in values) or ("" if values else "<none>")
