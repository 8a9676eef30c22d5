"""Differences in Russian: the words of the checks are translated, names and values are not."""

import pytest

from k8s_tutor.session.evidence import phrase, place


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("nothing", "ничего"),
        ("text like /(^|/)nginx/", "текст вида /(^|/)nginx/"),
        ("at least 3", "не меньше 3"),
        ("1 to 4", "от 1 до 4"),
        ("within 10 s", "за 10 с"),
        ("no 'error' in it", "без 'error'"),
        ("pod/site was made anew", "pod/site создан заново"),
        ("only nginx", "только nginx"),
        ("nginx:1.27", "nginx:1.27"),
        ("128Mi", "128Mi"),
    ],
)
def test_phrases(english: str, russian: str) -> None:
    assert phrase(english, "ru") == russian
    assert phrase(english, "en") == english


def test_places() -> None:
    assert place("count", "ru") == "количество"
    assert place("spec.replicas", "ru") == "spec.replicas"
    assert place("count", "en") == "count"
