"""Durations as people write them."""

import pytest

from k8s_tutor.course.durations import seconds


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("90", None), ("90s", 90), ("1m30s", 90), (1.5, 1.5), ("1.5h", 5400), ("250ms", 0.25), ("-5s", -5), ("", None),
     ("5 s", None), ("s", None), (True, None), ("0", 0), ([], None)],
)  # fmt: skip
def test_seconds(text: object, wanted: float | None) -> None:
    assert seconds(text) == wanted
