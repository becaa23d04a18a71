"""What a metric says of itself: every trait with its type, default and meaning, declared once.

:class:`MetricAttributes` is the declaration. From it follow the attributes of
:class:`~degrade_bench.metric.base.Metric`, what the adapter takes over from a plain object, what is refused at the
door, what ``degrade-bench list metrics`` and ``run.json`` show, what goes into the fingerprint, and
:class:`Traits`, the frozen value that the sweep works with. A new trait is one more attribute there.

Nothing here needs torch: the run folder, the listing and the reports read it too.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from numbers import Integral, Real
from typing import Annotated, Any, Literal, get_type_hints

from degrade_bench._support.texts import one_line, said, shown
from degrade_bench.errors import MetricError

HOME = "music"
"""The domain that the bench is for."""
SIMULATION = "simulation"
"""The domain of metrics that hear nothing, and whose truth is known."""

OUTSIDE_RANGE = "outside_range"
"""The word under which scores outside a metric's ``score_range`` are counted in ``run.json``."""


@dataclass(frozen=True)
class Values:
    """The values that a trait may have: a test for them, and the words that say which they are."""

    expected: str
    valid: Callable[[Any], bool]


@dataclass(frozen=True)
class Trait:
    """What the bench knows of one attribute of a metric, its type and default aside.

    Attributes:
        meaning: what the attribute says.
        values: what it may be.
        fingerprint: whether it is part of the fingerprint: always, never, or only where it is not the default (for
            traits that were added when fingerprints had been written already).
        listed: whether the listing and ``run.json`` show it.
        required: whether an object that does not derive from ``Metric`` must have it.
    """

    meaning: str
    values: Values
    fingerprint: Literal["always", "unless default", "never"] = "never"
    listed: bool = True
    required: bool = False


def _number(value: Any, above: float = -math.inf) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return above < float(value) < math.inf
    except OverflowError:
        return False


def _names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(_one_line(name, LONGEST_NAME) for name in value)


def _range(value: Any) -> bool:
    if not isinstance(value, tuple | list) or len(value) != 2:
        return False
    bounds = [bound for bound in value if bound is not None]
    return all(_number(bound) for bound in bounds) and (len(bounds) < 2 or bounds[0] < bounds[1])


def _whole_above_zero(value: Any) -> bool:
    return isinstance(value, Integral) and _number(value, above=0)


def _seconds(value: Any) -> bool:
    return _number(value) and 0 <= value <= LONGEST_SECONDS


def _one_line(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and str.isprintable(value)


def _text(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return False
    return all(c.isprintable() or c in "\t\n\r" or unicodedata.category(c) == "Zs" for c in str.__str__(value))


def _name(value: Any) -> bool:
    if not _one_line(value, LONGEST_NAME) or not value:
        return False
    text = str.__str__(value)
    return text[0].isalnum() and text == text.strip() and all(c.isalnum() or c in NAME_SIGNS for c in text)


LONGEST_NAME, LONGEST_TEXT = 60, 2000
LONGEST_SECONDS = 86400.0 * 7
HIGHEST_RATE = 10_000_000
NAME_SIGNS = " -_.+()[]%#@"
"""What a name may hold beside letters and digits: nothing that means something to a path, a shell, a page, a
spreadsheet, mathematical text or ``--set NAME.KEY=VALUE``."""

FLAG = Values("True or False", lambda value: isinstance(value, bool))
TEXT = Values(f"a text of printable characters, at most {LONGEST_TEXT}", _text)
VERSION = Values(f"a text of one line, at most {LONGEST_NAME} characters", lambda v: _one_line(v, LONGEST_NAME))
NAME = Values(
    f"a text of 1 to {LONGEST_NAME} letters, digits, spaces and signs of `{NAME_SIGNS.strip()}`, that begins with "
    "a letter or a digit",
    _name,
)
RATE = Values(
    f"a whole number of Hz from 1 to {HIGHEST_RATE}, or None",
    lambda value: value is None or (_whole_above_zero(value) and value <= HIGHEST_RATE),
)
SECONDS = Values("seconds from 0 to those of a week", _seconds)
SECONDS_OR_NONE = Values(
    "seconds above 0, at most those of a week, or None",
    lambda value: value is None or (_seconds(value) and value > 0),
)
RANGE = Values("the lowest and the highest score, each a number or None", _range)
CONTROLS = Values("names of controls, such as ('gain',)", _names)
SETTINGS = Values("names of settings, such as ('checkpoint',)", _names)


class MetricAttributes:
    """The attributes of every metric, on its class or on the object; see :data:`TRAITS` for them as data."""

    name: Annotated[str, Trait("lower-case with dashes; stable", NAME, fingerprint="always", required=True)]
    version: Annotated[
        str, Trait("changes whenever the code would score differently", VERSION, fingerprint="always")
    ] = "1"
    summary: Annotated[str, Trait("what it measures, in one sentence", TEXT)] = ""
    source: Annotated[str, Trait("the paper or tool that it comes from", TEXT)] = ""
    sample_rate: Annotated[
        int | None,
        Trait("the rate in Hz that it works at, None for any; it resamples by itself", RATE, fingerprint="always"),
    ] = None
    window_seconds: Annotated[
        float | None,
        Trait(
            "how much audio it hears, around the centre of what it is given; None for all of it",
            SECONDS_OR_NONE,
            fingerprint="always",
        ),
    ] = None
    hop_seconds: Annotated[
        float | None,
        Trait(
            "seconds from one window to the next: `score_windows` is called in place of `score`, with the whole "
            "signal, and the score is the mean over windows; None for one score per signal",
            SECONDS_OR_NONE,
            fingerprint="unless default",
        ),
    ] = None
    min_seconds: Annotated[
        float, Trait("the shortest signal that it can score, in seconds", SECONDS, listed=False)
    ] = 0.0
    higher_is_better: Annotated[bool, Trait("the direction of quality", FLAG, required=True)] = True
    score_range: Annotated[
        tuple[float | None, float | None],
        Trait("nominal lowest and highest score, None for no bound; scores are never clamped to it", RANGE),
    ] = (None, None)
    needs_reference: Annotated[bool, Trait("whether it compares with the clean signal (full-reference)", FLAG)] = (
        False
    )
    aligned: Annotated[
        bool,
        Trait(
            "whether a full-reference metric compares moment by moment; one that does not is given references of "
            "another length, and hears damage that changes the duration",
            FLAG,
            fingerprint="unless default",
        ),
    ] = True
    hears: Annotated[
        tuple[str, ...],
        Trait(
            "controls that it is meant to hear, such as gain for a level meter: they are scored and shown, and are "
            "no part of its nuisance floor; empty unless the metric is one of exactly that",
            CONTROLS,
            fingerprint="unless default",
        ),
    ] = ()
    domain: Annotated[
        str, Trait("what it was made for; anything but music makes it a wrong-domain control", TEXT)
    ] = HOME
    light: Annotated[
        bool,
        Trait(
            "cheap and picklable, so that the workers compute it; leave it False for a network or a device",
            FLAG,
            listed=False,
        ),
    ] = False
    oracle: Annotated[
        bool,
        Trait(
            "it hears nothing and is told what was done: `score_treatment` is called in place of `score`; must be "
            "light",
            FLAG,
            listed=False,
        ),
    ] = False
    accounts_for: Annotated[
        tuple[str, ...],
        Trait(
            "settings whose effect `fingerprint_parts` holds already, such as a path whose file is hashed there; "
            "every other setting that is given is added to the fingerprint as it is",
            SETTINGS,
            listed=False,
        ),
    ] = ()


TRAITS: dict[str, Trait] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(MetricAttributes, include_extras=True).items()
}
"""The traits by name, in the order in which they are declared."""


@dataclass(frozen=True, kw_only=True)
class Traits(MetricAttributes):
    """The traits of one metric with its fingerprint, apart from the metric itself; crosses processes.

    Attributes:
        fingerprint: of everything that would change a score.
    """

    fingerprint: str
    # the declaration's attributes become fields of the dataclass, with their defaults
    __annotations__ = {**MetricAttributes.__annotations__, "fingerprint": "str"}

    @classmethod
    def of(cls, metric: Any) -> Traits:
        """The traits of a metric."""
        return cls(fingerprint=metric.fingerprint(), **{name: trait_of(metric, name) for name in TRAITS})

    @property
    def matched_window(self) -> float | None:
        """Seconds of the window that must hold the same music, clean and damaged.

        None also for a metric that hops over the whole clip, however long its windows are.
        """
        return self.window_seconds if self.hop_seconds is None else None


def trait_of(metric: object, name: str) -> Any:
    """A trait of a metric, of its class or of a plain object: what it says, else the default.

    Lists are given as tuples, and values of other types that stand for a text or a number as Python's.

    >>> trait_of(object(), "score_range")
    (None, None)
    """
    return _plain(getattr(metric, name, getattr(MetricAttributes, name, None)))


def _plain(value: Any) -> Any:
    """A value of Python's types where it is one of their kind: numpy's numbers and flags, subclasses, lists."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    if type(value) in (bool, int, float, str):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, tuple | list):
        return tuple(_plain(item) for item in value)
    return value


def described(metric: object) -> dict[str, Any]:
    """What a metric, or the class of one, says of itself, for the listing and for ``run.json``."""
    said = {name: trait_of(metric, name) for name, trait in TRAITS.items() if trait.listed}
    for name, value in said.items():
        if not _is_valid(name, value):  # of a class, what only its objects have
            said[name] = getattr(MetricAttributes, name, None)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def _is_valid(name: str, value: Any) -> bool:
    try:
        return bool(TRAITS[name].values.valid(value))
    except Exception:  # comparing a foreign value may raise anything
        return False


def fingerprinted(metric: object) -> dict[str, Any]:
    """The traits that are part of a metric's fingerprint."""
    parts = {}
    for name, trait in TRAITS.items():
        value = trait_of(metric, name)
        unusual = value != getattr(MetricAttributes, name, None)
        if trait.fingerprint == "always" or (trait.fingerprint == "unless default" and unusual):
            parts[name] = value
    return parts


def checked_traits(candidate: object, derives: bool) -> dict[str, Any]:
    """The traits that an object has, each read once, of Python's types.

    Args:
        candidate: a metric, or an object that stands for one.
        derives: whether it derives from ``Metric``, and has that class's defaults.

    Raises:
        MetricError: one sentence with the first attribute that is missing or wrong, its value, and what was
            expected.
    """
    kind = one_line(type(candidate).__name__)
    traits = {}
    for name, trait in TRAITS.items():
        has_default = hasattr(MetricAttributes, name) and (derives or not trait.required)
        try:
            value = getattr(candidate, name, MISSING)
            plain = _plain(value)
            valid = value is MISSING or trait.values.valid(plain)
        except Exception as error:  # a property, or a number of a foreign class, may raise anything
            raise MetricError(
                f"{kind} is not a metric: its {name} raises {said(error)}, expected {trait.values.expected}"
            ) from error
        if value is MISSING:
            if not has_default:
                raise MetricError(f"{kind} is not a metric: it lacks {name}, expected {trait.values.expected}")
        elif not valid:
            raise MetricError(
                f"{kind} is not a metric: its {name} is {shown(value)}, expected {trait.values.expected}"
            )
        else:
            traits[name] = plain
    return traits


def domain_note(domain: str) -> str | None:
    """What is said of a metric by what it was made for; None for a metric of music.

    >>> domain_note("speech")
    'made for speech: a wrong-domain control'
    """
    if domain == SIMULATION:
        return "simulated: it hears nothing, and its truth is known"
    return None if domain == HOME else f"made for {domain}: a wrong-domain control"
