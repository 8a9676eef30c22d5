"""Printing the server's Tables (cli-runtime, ``printers.HumanReadablePrinter``).

Columns are at least six wide with three spaces between; widths once used are kept for later rows, so that a watch's
lines stay under their headers.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from k8s_tutor.kubectl.text import age, go_value

MIN_WIDTH, PADDING = 6, 3


@dataclass(slots=True)
class TablePrinter:
    """Turns tables of one resource into lines.

    Args:
        wide: show the columns that are not of first importance.
        no_headers: leave the header line out.
        namespace: start with a NAMESPACE column.
        kind: put ``kind/`` before names.
        show_labels: end with a LABELS column.
        label_columns: labels that get their own column.
    """

    wide: bool = False
    no_headers: bool = False
    namespace: bool = False
    kind: str = ""
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()
    columns: list[dict[str, Any]] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    printed: bool = False

    def text(self, table: dict[str, Any], event: str = "") -> str:
        """Return the lines of a table.

        Args:
            table: a meta.k8s.io Table.
            event: a watch event's type, for an EVENT column.
        """
        columns = table.get("columnDefinitions") or self.columns
        if columns != self.columns:
            self.columns, self.printed = columns, False
        rows = table.get("rows") or []
        if not rows:
            return ""
        shown = [at for at, column in enumerate(columns) if self.wide or not column.get("priority")]
        lines = []
        if not self.no_headers and not self.printed:
            lines.append(self._headers([columns[at]["name"].upper() for at in shown], event))
        self.printed = True
        name_at = next((at for at, column in enumerate(columns) if column.get("format") == "name"), 0)
        lines += [self._row(row, shown, name_at, event) for row in rows]
        return self._aligned(lines)

    def _headers(self, names: list[str], event: str) -> list[str]:
        names = (["EVENT"] if event else []) + (["NAMESPACE"] if self.namespace else []) + names
        names += [label.rsplit("/", 1)[-1].upper() for label in self.label_columns]
        return names + (["LABELS"] if self.show_labels else [])

    def _row(self, row: dict[str, Any], shown: list[int], name_at: int, event: str) -> list[str]:
        cells = row.get("cells") or []
        metadata = (row.get("object") or {}).get("metadata") or {}
        labels = metadata.get("labels") or {}
        out = [event.ljust(8)] if event else []
        out += [metadata.get("namespace", "")] if self.namespace else []
        for at in shown:
            text = _cell(cells[at]) if at < len(cells) else ""
            out.append(f"{self.kind}/{text}" if self.kind and at == name_at else text)
        out += [labels.get(label, "") for label in self.label_columns]
        if self.show_labels:
            out.append(",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>")
        return out

    def _aligned(self, lines: list[list[str]]) -> str:
        count = max(len(line) for line in lines)
        if len(self.widths) != count:
            self.widths = [MIN_WIDTH] * count
        for line in lines:
            for at, cell in enumerate(line[:-1]):
                self.widths[at] = max(self.widths[at], len(cell) + PADDING)
        return "".join(
            "".join([*(cell.ljust(self.widths[at]) for at, cell in enumerate(line[:-1])), line[-1]]) + "\n"
            for line in lines
        )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else go_value(value)
    for at, char in enumerate(text):
        if char in "\n\r\f":
            return text[:at].replace("\x1b", "^[") + "..."
    return text.replace("\x1b", "^[")


def plain_table(items: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Make the Table of objects that came without one: name and age."""
    columns = [{"name": "Name", "format": "name", "priority": 0}, {"name": "Age", "priority": 0}]
    rows = []
    for item in items:
        metadata = item.get("metadata", {})
        cells = [metadata.get("name", ""), age(metadata.get("creationTimestamp"), now)]
        rows.append({"cells": cells, "object": item})
    return {"columnDefinitions": columns, "rows": rows}


def aligned_columns(rows: list[list[str]], headers: list[str] | None = None) -> str:
    """Align rows as kubectl's own (client-side) lists are: six wide, three apart, last column as it is."""
    return TablePrinter()._aligned(([headers] if headers else []) + rows)  # noqa: SLF001  the same alignment
