"""Measure everything, or the groups named: ``python -m tools.bench GROUP…`` (``GROUPS`` below)."""

import sys
from collections.abc import Callable

from tools.bench import burdens, measures, scale
from tools.bench.cluster import running
from tools.bench.table import Figure, render


def _kubectl() -> list[Figure]:
    with running("--nodes", "2") as cluster:
        return measures.kubectl(cluster)


def _requests() -> list[Figure]:
    with running("--bare", "--nodes", "1") as cluster:
        return measures.requests(cluster)


def _snapshots() -> list[Figure]:
    with running("--nodes", "2", "--no-start-latency") as cluster:
        return measures.snapshots(cluster)


GROUPS: dict[str, Callable[[], list[Figure]]] = {
    "paint": lambda: [measures.first_paint()],
    "start": lambda: [measures.start()],
    "kubectl": _kubectl,
    "memory": lambda: [measures.memory()],
    "checks": lambda: [measures.checks()],
    "rollout": scale.rollout,
    "changes": scale.changes,
    "day": scale.day,
    "requests": _requests,
    "snapshot": _snapshots,
    "idle": burdens.idle,
    "hostile": burdens.hostile,
}


def main() -> None:
    """Run the groups and print one table."""
    wanted = sys.argv[1:] or list(GROUPS)
    figures: list[Figure] = []
    for name in wanted:
        print(f"measuring {name} …", file=sys.stderr)
        try:
            figures += GROUPS[name]()
        except Exception as error:  # noqa: BLE001 - one figure that fails must not hide the others
            figures.append(Figure(f"{name}: {type(error).__name__}: {str(error)[:60]}", "", "", []))
    print(render(figures))


main()
