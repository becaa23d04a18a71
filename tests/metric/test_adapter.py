"""Anybody's object as a metric: what is refused, and what an adapted object keeps."""

from __future__ import annotations

import math

import pytest
import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.base import Metric, Treatment
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.traits import TRAITS
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
        said = f"its {attribute} is {value!r}, expected {TRAITS[attribute].values.expected}"
        assert said in str(raised.value)
        assert type(candidate).__name__ in str(raised.value)


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
        "window_seconds": 2.0,
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
