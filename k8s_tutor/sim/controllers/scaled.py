"""IntOrString values of rollouts and budgets: absolute, or a percentage rounded up or down."""

import math

IntOrString = int | str


def scaled(value: IntOrString | None, total: int, *, round_up: bool) -> int:
    """Return ``25%`` of a total, or the number as it is; None counts as 0."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    percent = int(value.rstrip("%")) * total / 100
    return math.ceil(percent) if round_up else math.floor(percent)


def fenceposts(surge: IntOrString | None, unavailable: IntOrString | None, desired: int) -> tuple[int, int]:
    """Return how many more and how many fewer pods than desired there may be; never both 0."""
    more = scaled(surge, desired, round_up=True)
    fewer = scaled(unavailable, desired, round_up=False)
    return (more, fewer) if more or fewer else (0, 1)
