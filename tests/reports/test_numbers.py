"""One formatter of numbers: nothing is told wrongly, and one value is written in one way."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from degrade_bench._support.numbers import decimals_within, fixed, number, p_value, percent, within

RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
FINITE = st.floats(-1e300, 1e300)


def read(text: str) -> float:
    """What a reader takes a written number for."""
    mantissa, _, power = text.replace("−", "-").replace(",", "").partition(" × 10")
    return float(mantissa) * (10.0 ** int(power.translate(RAISED)) if power else 1.0)


@given(FINITE)
def test_a_number_is_read_as_what_it_is(value):
    shown = number(value)
    assert "e" not in shown
    assert "-" not in shown
    if abs(value) >= 2.0**-126:
        assert read(shown) == pytest.approx(value, rel=0.0051)
    if 1000 <= abs(value) < 1e15:
        assert "×" not in shown
        assert abs(read(shown) - value) <= 0.5 + 1e-9 * abs(value)
    assert not (read(shown) == 0 and "−" in shown)


@given(FINITE, st.integers(0, 4))
def test_decimals_are_kept_and_zero_has_no_sign(value, decimals):
    shown = fixed(value, decimals)
    assert read(shown) == pytest.approx(value, abs=0.5000001 * 10**-decimals, rel=1e-12)
    assert not (read(shown) == 0 and "−" in shown)


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e3),
    st.floats(1e-3, 1e3),
)
def test_an_interval_keeps_two_digits_of_its_width(value, under, over):
    low, high = value - under, value + over
    texts = [within(one, low, high) for one in (value, low, high)]
    half = (high - low) / 2
    decimals = decimals_within(low, high)
    assert decimals is not None
    assert all(len(text.partition(".")[2]) == decimals for text in texts)
    step = 10.0**-decimals
    large = max(abs(low), abs(high))
    assert step <= 0.1000001 * half or decimals == 0 or large * 10**decimals >= 1e3  # four digits at most
    assert read(texts[1]) <= read(texts[0]) <= read(texts[2])


@pytest.mark.parametrize(
    ("value", "shown"),
    [(4843.0, "4,843"), (4840.0, "4,840"), (999.96, "1,000"), (0.0999996, "0.1"), (-3e-310, "0"), (math.inf, "∞")],
)
def test_no_exponent_where_people_read_plain_numbers(value, shown):
    assert number(value) == shown


def test_shares_and_p_values():
    assert [percent(one) for one in (0.9, 0.999, 0.12345, math.nan, None)] == ["90 %", "99.9 %", "12.3 %", "–", "–"]
    assert percent(0.12345, 0) == "12 %"
    assert [p_value(p) for p in (0.2, 0.04, 0.001, 9e-13, math.nan)] == [
        "= 0.20",
        "= 0.040",
        "= 0.001",
        "< 0.001",
        "–",
    ]
