"""Figures and their table: goal, minimum, median, maximum."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        what: in words.
        goal: in words; empty where there is none.
        unit: ``s``, ``ms``, ``MB``, ``/s``.
        runs: one value a run.
    """

    what: str
    goal: str
    unit: str
    runs: Sequence[float]


def render(figures: Sequence[Figure]) -> str:
    """Return the table."""
    rows = [("what", "goal", "minimum", "median", "maximum", "runs")]
    for figure in figures:
        if not figure.runs:
            rows.append((figure.what, figure.goal, "-", "not measured", "-", "0"))
            continue
        values = (min(figure.runs), statistics.median(figure.runs), max(figure.runs))
        low, middle, high = (f"{value:.4g} {figure.unit}" for value in values)
        rows.append((figure.what, figure.goal, low, middle, high, str(len(figure.runs))))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
