"""Quantities: canonical spellings, rounding, arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_tutor.apimachinery.quantity import Quantity, QuantityError, canonical


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1000m", "1"),
        ("0.5Gi", "512Mi"),
        ("1e3", "1e3"),
        ("0.1", "100m"),
        ("1.500", "1.500"),
        ("1024Mi", "1Gi"),
        ("1025Ki", "1025Ki"),
        ("0.1Ki", "102400m"),
        ("-1.5Gi", "-1536Mi"),
        ("10Ei", "9223372036854775807"),
        ("0.1n", "1n"),
        ("00", "0"),
        ("+5Mi", "+5Mi"),
        ("100000", "100k"),
    ],
)
def test_prints_as_upstream_does(text: str, printed: str) -> None:
    assert canonical(text) == printed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "quantities must match"),
        ("1x", "quantities must match"),
        ("1.2.3", "quantities must match"),
        ("1Kk", "unable to parse quantity's suffix"),
        ("1e999999999", "unable to parse numeric part of quantity"),
    ],
)
def test_refuses_in_upstreams_words(text: str, complaint: str) -> None:
    with pytest.raises(QuantityError, match=complaint):
        Quantity.parse(text)


def test_rounds_away_from_zero() -> None:
    assert (Quantity.parse("1500m").value(), Quantity.parse("-1500m").value()) == (2, -2)
    assert Quantity.parse("1u").milli() == 1


def test_a_sum_keeps_the_format_of_the_first() -> None:
    assert str(Quantity.parse("1Gi") + Quantity.parse("1000M")) == "2073741824"
    assert str(Quantity.parse("1Gi") + Quantity.parse("1024Mi")) == "2Gi"
    assert str(Quantity.parse("0") + Quantity.parse("1Mi")) == "1Mi"
    assert str(Quantity.parse("100m") * 3) == "300m"
    assert Quantity.parse("1") == Quantity.parse("1000m")
    assert hash(Quantity.parse("1")) == hash(Quantity.parse("1000m"))


_texts = st.builds(
    "{}{}{}".format,
    st.integers(-(10**6), 10**6),
    st.one_of(st.just(""), st.integers(0, 999).map(lambda digits: f".{digits}")),
    st.sampled_from(["", "m", "u", "n", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2"]),
)


@given(_texts)
def test_canonical_is_a_fixed_point_and_keeps_the_amount(text: str) -> None:
    parsed = Quantity.parse(text)
    again = Quantity.parse(str(parsed))
    assert again == parsed
    assert canonical(str(again)) == str(again)


@given(_texts, _texts)
def test_addition_and_order_agree(one: str, other: str) -> None:
    a, b = Quantity.parse(one), Quantity.parse(other)
    assert (a + b) - b == a
    assert (a < b) == (b > a)
