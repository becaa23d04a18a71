"""Settings of metrics: from text, with the types that a constructor asks for."""

from __future__ import annotations

import math
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from degrade_bench.errors import ConfigError
from degrade_bench.metric.settings import CommandLineText, check_choice, parse_settings, scalar, typed_settings


class Mode(Enum):
    FAST = "fast"
    TWICE = 2


class Many:
    def __init__(
        self,
        whole: int = 1,
        real: float = 1.0,
        flag: bool = False,
        text: str = "",
        path: Path = Path(),
        either: str | Path | None = None,
        maybe: int | None = None,
        implicit: int = None,  # noqa: RUF013 (people write this)
        closed: Literal["slow", "fast"] = "slow",
        sizes: Literal[1, 2] = 1,
        mode: Mode = Mode.FAST,
        mixed: int | str = 0,
        wrapped: Annotated[float, "Hz"] = 1.0,
        bands: list[int] | None = None,
        strange: NoSuchType = 0,  # noqa: F821 (it cannot be resolved, which is the point)
        anything: Any = None,
        untyped=None,
        device: str = "cpu",
    ) -> None: ...


def typed(name: str, value: Any) -> Any:
    return typed_settings("mm", Many, {name: value})[name]


def refusal(name: str, value: Any, factory: Any = Many) -> str:
    with pytest.raises(ConfigError) as raised:
        typed_settings("mm", factory, {name: value})
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("-3", -3),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("no", "no"),
        ("on", "on"),
        ("tRuE", "tRuE"),
        ("inf", "inf"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
        ("", ""),
        ("2 ", "2 "),
    ],
)
def test_scalars_are_those_of_yaml(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)
    assert type(typed("untyped", CommandLineText(text))) is type(value)
    assert typed("untyped", text) == text, "from a file or the API, text is text"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("whole", "2", 2),
        ("real", "2", 2.0),
        ("real", "1e-3", 0.001),
        ("flag", "true", True),
        ("text", "007", "007"),
        ("text", "true", "true"),
        ("text", "null", "null"),
        ("path", "a/b", Path("a/b")),
        ("either", "12e4567", "12e4567"),
        ("either", "null", None),
        ("maybe", "3", 3),
        ("maybe", "null", None),
        ("implicit", "null", None),
        ("closed", "fast", "fast"),
        ("sizes", "2", 2),
        ("mode", "fast", Mode.FAST),
        ("mode", "TWICE", Mode.TWICE),
        ("mode", "2", Mode.TWICE),
        ("mixed", "2", 2),
        ("mixed", "two", "two"),
        ("wrapped", "2", 2.0),
        ("strange", "2", 2),
        ("anything", "2", 2),
    ],
)
def test_text_from_the_command_line_gets_the_constructors_type(name, text, value):
    made = typed(name, CommandLineText(text))
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("whole", 2, 2),
        ("real", 2, 2.0),
        ("text", "2", "2"),
        ("either", Path("a"), Path("a")),
        ("either", "a", "a"),
        ("path", "a", Path("a")),
        ("maybe", None, None),
        ("mode", Mode.FAST, Mode.FAST),
        ("mode", 2, Mode.TWICE),
        ("bands", [1, 2], [1, 2]),
    ],
)
def test_values_with_types_of_their_own_are_kept(name, value, made):
    assert typed(name, value) == made
    assert type(typed(name, value)) is type(made)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("whole", CommandLineText("two"), "--set mm.whole=two: expected a whole number, got 'two'"),
        ("whole", CommandLineText("2.5"), "expected a whole number, got '2.5'"),
        ("whole", "2", "expected a whole number, got '2'"),
        ("whole", True, "expected a whole number, got True"),
        ("real", CommandLineText("often"), "expected a number, got 'often'"),
        ("flag", CommandLineText("no"), "expected true or false, got 'no'"),
        ("flag", 1, "expected true or false, got 1"),
        ("text", 7, "expected text, got 7; in a file, put it in quotes"),
        ("text", None, "expected text, got None"),
        ("maybe", CommandLineText("x"), "expected a whole number or null, got 'x'"),
        ("closed", CommandLineText("fsat"), "unknown closed 'fsat'; did you mean 'fast'?"),
        ("sizes", CommandLineText("3"), "unknown sizes '3'; known: 1, 2"),
        ("sizes", True, "expected 1 or 2, got True"),
        ("mode", CommandLineText("fsat"), "did you mean 'fast'?"),
        ("whoel", 2, "--set mm.whoel=2: unknown setting 'whoel'; did you mean 'whole'?"),
        ("a\nb", "c\nd", "unknown setting"),
    ],
)
def test_what_does_not_fit_is_one_line_with_the_value_and_what_was_expected(name, value, said):
    assert said in refusal(name, value)


def test_the_device_is_the_benchs_own_and_not_among_the_settings_that_are_known():
    def factory(device: str = "cpu"): ...

    assert "known: none" in refusal("dvc", 1, factory)


def test_a_constructor_that_takes_anything_types_it_by_its_annotation():
    def factory(**options: float): ...

    def open_factory(**options): ...

    assert typed_settings("mm", factory, {"k": CommandLineText("2")}) == {"k": 2.0}
    assert typed_settings("mm", open_factory, {"k": CommandLineText("2")}) == {"k": 2}
    assert "expected a number" in refusal("k", "x", factory)


def test_of_a_constructor_written_in_c_nothing_is_known():
    assert "unknown setting 'k'" in refusal("k", 1, dict)


def test_settings_are_told_apart_by_their_last_dot():
    assert parse_settings(["muq-eval.checkpoint=a=b.c", "x.py:M.batch-size=2"]) == {
        "muq-eval": {"checkpoint": "a=b.c"},
        "x.py:M": {"batch_size": "2"},
    }
    for text in ("x", "x=1", "x.=1", ".y=1", "x.y="):
        with pytest.raises(ConfigError, match=r"expected METRIC.KEY=VALUE"):
            parse_settings([text])


def test_a_choice_that_is_none():
    check_choice("mm", "mode", "fast", ["fast", "slow"])
    with pytest.raises(ConfigError, match=r"--set mm.mode=fsat: unknown mode 'fsat'; did you mean 'fast'"):
        check_choice("mm", "mode", "fsat", ["fast", "slow"])
