"""Play the recordings, print figures, hold the floors."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.conformance import replaying, scheduling, timelining, transcribing
from tests.conformance.recordings import Score

FLOORS = Path(__file__).with_name("floors.json")
PLAYERS: dict[str, Callable[[], Iterator[Score]]] = {
    "create": partial(replaying.replay, "create"),
    "sequence": partial(replaying.replay, "sequence"),
    "policy": partial(replaying.replay, "policy"),
    "scheduling": scheduling.play,
    "timelines": timelining.play,
    "transcript": partial(transcribing.play, "real"),
    "transcript-ours": partial(transcribing.play, "ours"),
}


def main() -> int:
    """Return 1 where a figure is below its floor."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("names", nargs="*", choices=[[], *PLAYERS], default=[])
    parser.add_argument("--misses", type=int, default=0, help="print so many misses of each figure")
    options = parser.parse_args()
    floors: dict[str, float] = json.loads(FLOORS.read_text())
    below = 0
    for name in options.names or PLAYERS:
        begun = time.monotonic()
        for score in PLAYERS[name]():
            floor = floors.get(score.name, 0.0)
            mark = "ok  " if score.percent >= floor else "LOW "
            below += score.percent < floor
            print(f"{mark}{score.name:22} {score.passed:5}/{score.total:<5} {score.percent:6.2f} %  floor {floor:g} %")
            for miss in score.misses[: options.misses]:
                print(f"    {miss[:1500]}")
        print(f"    ({name}: {time.monotonic() - begun:.0f} s)", file=sys.stderr)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
