"""Metrics in Prometheus' text format: what every component's ``/metrics`` answers with.

A sample is a metric's name, its labels and a value; a family's kind and meaning stand before its samples. Histograms are
samples of a family too, named after it with ``_bucket``, ``_sum`` and ``_count``.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
SUFFIXES = ("_bucket", "_sum", "_count")
Sample = tuple[str, Mapping[str, str], float]
Help = Mapping[str, tuple[str, str]]  # a family's kind and meaning


class Histogram:
    """How many values were not greater than each bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self, name: str, labels: Mapping[str, str]) -> Iterator[Sample]:
        """Yield the samples of a histogram of this name."""
        total = 0
        for bound, count in zip((*map(_number, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            yield f"{name}_bucket", {**labels, "le": bound}, total
        yield f"{name}_sum", labels, self._sum
        yield f"{name}_count", labels, total


def text(samples: Iterable[Sample], help_: Help) -> str:
    """Return samples, family by family."""
    lines: dict[str, list[str]] = {}
    for metric, labels, value in samples:
        shown = ",".join(f'{name}="{_escaped(label)}"' for name, label in labels.items())
        line = f"{metric}{{{shown}}} {_number(value)}" if shown else f"{metric} {_number(value)}"
        lines.setdefault(_family(metric, help_), []).append(line)
    out = []
    for family, found in sorted(lines.items()):
        kind, meaning = help_.get(family, ("untyped", ""))
        out += [f"# HELP {family} {meaning}", f"# TYPE {family} {kind}", *found]
    return "\n".join(out) + "\n"


def _family(metric: str, help_: Help) -> str:
    for suffix in SUFFIXES:
        stem = metric.removesuffix(suffix)
        if stem != metric and help_.get(stem, ("", ""))[0] == "histogram":
            return stem
    return metric


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1 << 53 else repr(float(value))


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
