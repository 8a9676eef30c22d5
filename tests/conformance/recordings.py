"""The recordings' files, and what a player returns."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from k8s_tutor.apimachinery.unstructured import Json

DATA = Path(__file__).parent / "data"


def records(name: str) -> Iterator[Json]:
    """Yield the records of a file."""
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@dataclass(slots=True)
class Score:
    """One figure: how many records agree, and what differs in the others."""

    name: str
    passed: int = 0
    total: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Agreement in percent."""
        return 100 * self.passed / max(self.total, 1)

    def add(self, agrees: bool, miss: str = "") -> None:
        """Count one record."""
        self.total += 1
        self.passed += agrees
        if not agrees:
            self.misses.append(miss)
