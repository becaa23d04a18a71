"""How metrics are asked for, and how settings find the one that they are for."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric import references
from degrade_bench.metric.catalogue import load_metric, metrics_at
from degrade_bench.metric.references import assigned, referred_to

FILE = """
import degrade_bench
from degrade_bench.metric.base import Metric, Oracle


class {name}:
    name, higher_is_better = "{label}", True

    def __init__(self, power: int = 1, weights: str = ""):
        self.power = power
        if weights:
            open(weights)

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().mean(dim=(1, 2)) ** self.power


class _Base:
    def score(self, batch, sample_rate, reference=None):
        return 0


class Abstract(Metric):
    name = "abstract"


class NoMetric:
    pass
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with files of metrics, which are looked at in this process."""
    monkeypatch.chdir(tmp_path)
    for file, name, label in (("one.py", "Mine", "mine"), ("two.py", "Mine", "other"), ("three.py", "Rms", "mine")):
        (tmp_path / file).write_text(FILE.format(name=name, label=label))
    (tmp_path / "both.py").write_text(FILE.format(name="A", label="a") + FILE.format(name="B", label="b"))
    (tmp_path / "none.py").write_text("x = 1\n")
    monkeypatch.setattr(references, "look", lambda request, timeout: (Mock(), metrics_at(request.path)))
    return tmp_path


def test_a_file_stands_for_the_one_metric_in_it(here):
    assert referred_to("one.py", None, False).spec == "one.py:Mine"
    assert referred_to("one.py", None, False).names == {"one.py:Mine", "Mine", "mine"}
    with pytest.raises(
        ConfigError, match=r"^--metric both\.py: 2 metrics are in it; give one: both.py:A, both.py:B"
    ):
        referred_to("both.py", None, False)
    (here / "function.py").write_text(
        "def peak(audio):\n    return abs(audio).max()\n\npeak.higher_is_better = True\n"
    )
    assert referred_to("function.py", None, False).spec == "function.py:peak"
    with pytest.raises(ConfigError, match=r"^--metric none\.py: no class in it is a metric, which has a name and"):
        referred_to("none.py", None, False)
    with pytest.raises(ConfigError, match=r"^--metric missing\.py: no such file$"):
        referred_to("missing.py", None, False)


def test_what_is_registered_is_looked_at_by_nobody():
    assert referred_to("loudness", None, True).host is None
    assert referred_to("a.module:Name", None, False).host is None


def asked(*specs):
    return [referred_to(spec, None, True) for spec in specs]


def test_settings_find_their_metric_by_its_name_its_class_and_in_full(here):
    for target in ("mine", "Mine", "one.py:Mine", "one.py"):
        assert assigned(asked("one.py", "loudness"), {target: {"power": 2}}) == {"one.py:Mine": {"power": 2}}
    assert assigned(asked("two.py:Mine"), {"other": {"power": 2}}) == {"two.py:Mine": {"power": 2}}
    both = assigned(asked("one.py:Mine"), {"mine": {"power": 2}, "Mine": {"weights": "w"}})
    assert both == {"one.py:Mine": {"power": 2, "weights": "w"}}
    assert assigned(asked("loudness"), {"loudness": {"a": 1}}) == {"loudness": {"a": 1}}


def test_settings_of_several_metrics_or_of_none_are_refused(here):
    with pytest.raises(ConfigError) as error:
        assigned(asked("one.py", "two.py"), {"Mine": {"power": 2}})
    assert str(error.value) == ("--set Mine.…: 2 metrics are called that; give one: one.py:Mine.…, two.py:Mine.…")
    with pytest.raises(ConfigError, match=r"--set mine\.…: 2 metrics are called that"):
        assigned(asked("one.py", "three.py"), {"mine": {"power": 2}})
    with pytest.raises(
        ConfigError, match=r"^--set no\.…: that metric is not in --metric; there are: Mine, mine, one"
    ):
        assigned(asked("one.py"), {"no": {"power": 2}})
    with pytest.raises(ConfigError, match=r"^--set Mine\.power=3: one\.py:Mine was given power already$"):
        assigned(asked("one.py"), {"mine": {"power": 2}, "Mine": {"power": 3}})


def test_a_file_that_a_constructor_does_not_find_is_named(here):
    with pytest.raises(MetricError) as error:
        load_metric("one.py:Mine", {"weights": "weights.pt"}, "cpu")
    assert str(error.value) == "metric 'one.py:Mine' cannot be made: weights.pt: No such file or directory"


def test_a_file_that_was_looked_at_is_not_imported_twice_and_later_anew(here):
    noted = "\nprint('imported', file=open('log', 'a'))\n"
    (here / "one.py").write_text(FILE.format(name="Mine", label="mine") + noted)
    for times, place in enumerate(("one.py", "one.py:Mine"), start=1):
        assert metrics_at(place) == {"Mine": "mine"}
        load_metric("one.py:Mine", {}, "cpu")
        assert (here / "log").read_text().split() == ["imported"] * times
    (here / "one.py").write_text(FILE.format(name="Mine", label="changed"))
    assert load_metric("one.py:Mine", {}, "cpu").name == "changed"
