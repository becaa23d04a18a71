"""The registry: lazy, typed, open to plug-ins, and helpful about typos; and the errors it raises."""

from __future__ import annotations

import pickle
from importlib.metadata import EntryPoint

import pytest

from degrade_bench import errors
from degrade_bench._support import registry
from degrade_bench._support.registry import Registry, import_attribute
from degrade_bench.errors import ConfigError, DegradeBenchError, UnknownNameError


@pytest.fixture
def plugins(monkeypatch):
    """Two plug-ins of a third party: one that works, one that cannot be imported."""
    points = [
        EntryPoint("theirs", "fractions:Fraction", "a.group"),
        EntryPoint("broken", "no.such.package:Thing", "a.group"),
        EntryPoint("ours", "no.such.package:Thing", "a.group"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: [p for p in points if p.group == group])


def test_objects_and_paths_are_found_by_name():
    from decimal import Decimal

    known: Registry[object] = Registry("thing")
    known.register("one", 1)
    known.register("decimal", "decimal:Decimal")
    assert known.names() == ["one", "decimal"]
    assert "one" in known
    assert known.get("one") == 1
    assert known.get("decimal") is Decimal
    known.register("one", 1)
    with pytest.raises(ConfigError, match="thing 'one' is registered twice"):
        known.register("one", 2)


def test_listing_imports_nothing():
    known: Registry[object] = Registry("thing")
    known.register("broken", "no.such.package:Thing")
    assert list(known) == ["broken"]
    with pytest.raises(ConfigError, match=r"cannot import 'no\.such\.package'"):
        known.get("broken")


def test_plugins_join_and_a_broken_one_harms_only_who_asks_for_it(plugins):
    from fractions import Fraction

    known: Registry[object] = Registry("thing", "a.group")
    known.register("ours", 1)
    assert known.names() == ["ours", "theirs", "broken"]
    assert known.get("theirs") is Fraction
    assert known.get("ours") == 1, "a plug-in does not replace what is built in"
    with pytest.raises(ConfigError, match=r"no\.such\.package"):
        known.get("broken")


def test_unknown_names_say_what_is_near():
    known: Registry[object] = Registry("metric")
    for name in ("log-mel", "loudness", "si-sdr"):
        known.register(name, 1)
    with pytest.raises(UnknownNameError, match="unknown metric 'log_mel'; did you mean 'log-mel'"):
        known.get("log_mel")
    with pytest.raises(UnknownNameError, match="known: log-mel, loudness, si-sdr"):
        known.get("zzz")
    assert "known: none" in str(UnknownNameError("metric", "x", ()))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nocolon", "not of the form"),
        (":x", "not of the form"),
        ("decimal:", "not of the form"),
        ("decimal:Nothing", "has no 'Nothing'"),
    ],
)
def test_paths_that_lead_nowhere(path, said):
    with pytest.raises(ConfigError, match=said):
        import_attribute(path)


def test_errors_are_of_one_family_and_cross_processes():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) >= 11
    assert all(issubclass(kind, DegradeBenchError) for kind in kinds)
    error = UnknownNameError("metric", "lodness", ["loudness"], "see the list")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "unknown metric 'lodness'; did you mean 'loudness'? (see the list)"
    assert (again.kind, again.name) == ("metric", "lodness")
