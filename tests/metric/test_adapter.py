"""Anybody's object as a metric: what is refused, and what an adapted object keeps."""

from __future__ import annotations

import json
import math

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from degrade_bench.errors import MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.base import Metric, Treatment
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.traits import TRAITS
from degrade_bench.sweep.record import metric_record
from tests.metric.plain import Plain


def test_what_is_no_metric_is_told_what_it_lacks():
    class Nameless(Plain):
        name = ""

    class Anonymous:
        score = Plain.score

    class Undirected:
        name, score = "undirected", Plain.score

    for candidate, said in (
        (object(), "lacks a method score"),
        (Plain, "give an object: Plain()"),
        (Nameless(), "its name is ''"),
        (Anonymous(), "lacks name, expected a text"),
        (Undirected(), "lacks higher_is_better, expected True or False"),
    ):
        with pytest.raises(MetricError) as raised:
            check_metric(candidate)
        assert said in str(raised.value)


WRONG = [
    ("name", None),
    ("name", "$\\frac{"),
    ("name", "a\udcff"),
    ("name", "two\nlines"),
    ("name", "\x1b[31mred"),
    ("name", "\u202egnp"),
    ("name", "a" * 61),
    ("name", "=1+1"),
    ("name", "../a"),
    ("name", "<b>"),
    ("name", " a"),
    ("version", "1\n2"),
    ("version", None),
    ("summary", "a\x00"),
    ("source", "\ud800"),
    ("sample_rate", 10**400),
    ("window_seconds", 1e300),
    ("window_seconds", 10**400),
    ("score_range", (math.nan, 1.0)),
    ("score_range", (1.0, 1.0)),
    ("score_range", (0.0, math.inf)),
    ("hears", ("gain", 3)),
    ("min_seconds", torch.ones(3)),
    ("min_seconds", np.ones(3)),
    ("light", np.ones(2, dtype=bool)),
    ("higher_is_better", "yes"),
    ("version", 2),
    ("summary", None),
    ("sample_rate", 24000.5),
    ("sample_rate", True),
    ("sample_rate", 0),
    ("window_seconds", "10"),
    ("window_seconds", 0.0),
    ("min_seconds", None),
    ("min_seconds", -1.0),
    ("min_seconds", math.nan),
    ("score_range", (1.0,)),
    ("score_range", (5.0, 1.0)),
    ("score_range", 5.0),
    ("needs_reference", 1),
    ("aligned", None),
    ("hears", "gain"),
    ("domain", None),
    ("light", "no"),
    ("oracle", 1),
    ("accounts_for", "path"),
]


@pytest.mark.parametrize(("attribute", "value"), WRONG)
def test_a_wrong_attribute_is_named_with_its_value_and_what_was_expected(attribute, value):
    class Derived(Metric):
        name, score = "derived", Plain.score

    for candidate in (Plain(), Derived()):
        setattr(candidate, attribute, value)
        with pytest.raises(MetricError) as raised:
            check_metric(candidate)
        said = str(raised.value)
        assert f" is not a metric: its {attribute} " in said
        assert said.endswith(f", expected {TRAITS[attribute].values.expected}")
        assert said.isprintable()
        if isinstance(value, float | tuple):
            assert f"its {attribute} is {value!r}," in said
        assert type(candidate).__name__ in said


def test_an_adapted_object_keeps_its_own_and_gets_the_rest():
    adapted = check_metric(Plain())
    assert isinstance(adapted, Metric)
    assert adapted.higher_is_better is False
    assert adapted.window_seconds is None
    assert torch.equal(adapted.score(torch.ones(2, 1, 8), 8000), torch.ones(2))
    assert check_metric(adapted) is adapted
    assert adapted.fingerprint() == check_metric(Plain()).fingerprint()

    class Other(Plain):
        def score(self, batch, sample_rate, reference=None):
            return batch.abs().amax(dim=(1, 2))

    assert adapted.fingerprint() != check_metric(Other()).fingerprint()

    class Signed(Plain):
        def fingerprint(self):
            return "mine"

        def fingerprint_parts(self):
            return {"weights": "abc"}

    parts = check_metric(Signed()).fingerprint_parts()
    assert (parts["fingerprint"], parts["weights"]) == ("mine", "abc")
    assert len(parts["code"]) == 16


class Talkative(Plain):
    def score_windows(self, batch, sample_rate, reference=None):
        return batch

    def score_treatment(self, treatment):
        return 1.0


def test_every_trait_of_a_plain_object_is_taken_over():
    said = {
        "version": "7",
        "summary": "a sum",
        "source": "a book",
        "sample_rate": 8000,
        "resample": True,
        "window_seconds": 2.0,
        "crops": True,
        "hop_seconds": 1.0,
        "min_seconds": 0.5,
        "higher_is_better": True,
        "score_range": [0, None],
        "needs_reference": True,
        "aligned": False,
        "hears": ["gain"],
        "domain": "speech",
        "light": True,
        "oracle": True,
        "accounts_for": ("k",),
    }
    assert {"name", *said} == set(TRAITS)

    plain = Talkative()
    for attribute, value in said.items():
        setattr(plain, attribute, value)
    adapted = check_metric(plain)
    for attribute, value in said.items():
        assert getattr(adapted, attribute) == (tuple(value) if isinstance(value, list) else value)
    assert adapted.describe()["hears"] == ["gain"]


class Told:
    name, higher_is_better, oracle, light = "told", True, True, True

    def score_treatment(self, treatment):
        return -treatment.level


class Untold:
    name, higher_is_better, oracle, light = "untold", True, True, True


def test_an_oracle_needs_no_score_but_must_say_what_it_makes_of_a_treatment():
    treatment = Treatment("h", "test", "white_noise", "signal", "noise", level=4, replicate=0)
    assert check_metric(Told()).score_treatment(treatment) == -4
    with pytest.raises(MetricError, match="lacks a method score_treatment"):
        check_metric(Untold())
    with pytest.raises(MetricError, match="is no oracle"):
        check_metric(Plain()).score_treatment(treatment)
    heavy = Told()
    heavy.light = False
    with pytest.raises(MetricError, match="its light is False, expected True of an oracle"):
        check_metric(heavy)
    bound = Told()
    bound.sound = lambda: None
    with pytest.raises(MetricError, match="Told is not a metric: an oracle works where cells are made"):
        check_metric(bound)


def test_an_object_that_hops_or_counts_is_adapted_with_that():
    class Hops(Plain):
        hop_seconds = 2.0

        def score_windows(self, batch, sample_rate, reference=None):
            return batch.abs().mean(dim=1)

        def counts(self):
            return {"odd": 1}

    adapted = check_metric(Hops())
    assert adapted.hop_seconds == 2.0
    assert adapted.score_windows(torch.ones(2, 1, 8), 8000).shape == (2, 8)
    assert adapted.counts() == {"odd": 1}
    assert check_metric(Plain()).counts() == {}
    with pytest.raises(MetricError, match="does not score windows"):
        check_metric(Plain()).score_windows(torch.ones(2, 1, 8), 8000)
    assert "hop_seconds" not in load_metric("loudness", {}, "cpu").fingerprint_parts()  # old runs stay the same


@pytest.mark.parametrize("hop", [0, -1.0, float("inf"), float("nan"), True, "1"])
def test_a_hop_that_is_none_is_refused(hop):
    class Hops(Plain):
        hop_seconds = hop

        def score_windows(self, batch, sample_rate, reference=None):
            return batch

    with pytest.raises(MetricError, match="hop_seconds is"):
        check_metric(Hops())


def test_a_hop_without_windows_is_refused():
    class Hops(Plain):
        hop_seconds = 1.0

    class Derived(Metric):
        name, higher_is_better, hop_seconds = "derived", True, 1.0

        def score(self, batch, sample_rate, reference=None):
            return batch

    for candidate in (Hops(), Derived()):
        with pytest.raises(MetricError, match="lacks a method score_windows"):
            check_metric(candidate)


@pytest.mark.parametrize(
    "counted", [{"a": 1.5}, {"a": -1}, {"a": True}, {"": 1}, {3: 1}, {"outside_range": 0}, None]
)
def test_counts_that_are_none_are_refused(counted):
    class Counts(Plain):
        def counts(self):
            return counted

    with pytest.raises(MetricError, match="counts"):
        check_metric(Counts())


@pytest.mark.parametrize(
    ("attribute", "value", "plain"),
    [
        ("light", np.True_, True),
        ("sample_rate", np.int64(8000), 8000),
        ("window_seconds", np.float32(0.5), 0.5),
        ("score_range", [np.float64(0), np.float64(5)], (0.0, 5.0)),
        ("name", "MOS (v2), 5 %".replace(",", ""), "MOS (v2) 5 %"),
        ("name", "Größe-1", "Größe-1"),
        ("summary", "two\nlines of $\\frac{ and <b>", "two\nlines of $\\frac{ and <b>"),
    ],
)
def test_values_of_other_types_become_those_of_python(attribute, value, plain):
    candidate = Plain()
    setattr(candidate, attribute, value)
    kept = getattr(check_metric(candidate), attribute)
    assert (kept, type(kept)) == (plain, type(plain))


class Evil:
    """Whatever is done with it raises, and leaves as an exit."""

    def __repr__(self):
        raise SystemExit(0)

    __str__ = __eq__ = __hash__ = __bool__ = __float__ = __iter__ = __len__ = __repr__


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text(alphabet=st.characters()),
    st.binary(),
    st.builds(Evil),
    st.sampled_from([Evil, np.float32(2), np.array(3), np.array([1, 2]), torch.tensor(1), object(), math, 1j]),
    st.tuples(st.one_of(st.none(), st.floats()), st.one_of(st.none(), st.floats())),
    st.lists(st.one_of(st.text(), st.builds(Evil))),
)


@settings(max_examples=300, deadline=None)
@given(
    attribute=st.sampled_from([*TRAITS, "counts", "fingerprint", "fingerprint_parts", "describe"]), value=anything
)
def test_any_value_of_any_attribute_is_taken_or_refused_in_one_sentence(attribute, value):
    class Derived(Metric):
        name = "derived"
        score = Plain.score

    for candidate in (Plain(), Derived()):
        object.__setattr__(candidate, attribute, value)
        metric, said = None, ""
        try:
            metric = check_metric(candidate)
        except MetricError as refused:
            said = str(refused)
        if metric is None:
            assert said.isprintable()
            continue
        record = metric_record(metric)
        assert json.loads(json.dumps(record.model_dump(mode="json"), allow_nan=False))["name"] == metric.name
        assert record.name.encode()


def raising(error):
    def attribute(self):
        raise error

    return attribute


@pytest.mark.parametrize("error", [ValueError("two\nlines"), SystemExit(0), GeneratorExit(), RecursionError()])
@pytest.mark.parametrize("method", ["counts", "fingerprint", "fingerprint_parts", "describe", "__getattr__"])
def test_a_method_that_raises_at_the_door_is_named(method, error):
    candidate = type("Odd", (Plain,), {method: raising(error)})()
    if method == "__getattr__":
        candidate = type("Odd", (Plain,), {"version": property(raising(error))})()
    with pytest.raises(MetricError, match=r"Odd is not a metric|metric 'plain': counts") as raised:
        check_metric(candidate)
    assert type(error).__name__ in str(raised.value)
    assert str(raised.value).isprintable()


def test_ctrl_c_at_the_door_is_none_of_its_business():
    candidate = type("Odd", (Plain,), {"fingerprint": raising(KeyboardInterrupt())})()
    with pytest.raises(KeyboardInterrupt):
        check_metric(candidate)


def test_a_metric_is_held_to_what_it_said_at_the_door():
    class Lies(Metric):
        score = Plain.score
        said = 0

        @property
        def name(self):
            self.said += 1
            return f"lies-{self.said}"

        def fingerprint(self):
            self.said += 1
            return str(self.said)

    metric = check_metric(Lies())
    assert metric.name == metric.describe()["name"] == "lies-1"
    assert len({metric.fingerprint() for _ in range(3)}) == 1


def test_a_part_of_a_fingerprint_that_holds_an_address_is_refused():
    candidate = type("Odd", (Plain,), {"fingerprint_parts": lambda self: {"model": object()}})()
    with pytest.raises(MetricError, match="holds a memory address"):
        check_metric(candidate)


def test_what_it_says_beside_its_traits_is_recorded_and_cannot_hide_them():
    said = {"name": "other", "parts": 1, "fingerprint": "x", "licence": "MIT", "score_range": [0, 1]}
    candidate = type("Odd", (Plain,), {"describe": lambda self: said})()
    record = metric_record(check_metric(candidate))
    assert (record.name, record.licence, record.score_range) == ("plain", "MIT", (None, None))
