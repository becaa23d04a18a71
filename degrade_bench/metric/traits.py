"""What a metric says of itself: every trait with its type, default and meaning, declared once.

:class:`MetricAttributes` is the declaration. From it follow the attributes of
:class:`~degrade_bench.metric.base.Metric`, what the adapter takes over from a plain object, what is refused at the
door, what ``degrade-bench list metrics`` and ``run.json`` show, what goes into the fingerprint, and
:class:`Traits`, the frozen value that the sweep works with. A new trait is one more attribute there.

Nothing here needs torch: the run folder, the listing and the reports read it too.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from typing import Annotated, Any, Literal, get_type_hints

from degrade_bench._support.texts import one_line, said, shown
from degrade_bench.errors import MetricError
from degrade_bench.metric.trait_values import (
    CONTROLS,
    FLAG,
    NAME,
    RANGE,
    RATE,
    SECONDS,
    SECONDS_OR_NONE,
    SETTINGS,
    TEXT,
    VERSION,
    Values,
    plain,
)

HOME = "music"
"""The domain that the bench is for."""
SIMULATION = "simulation"
"""The domain of metrics that hear nothing, and whose truth is known."""

OUTSIDE_RANGE = "outside_range"
"""The word under which scores outside a metric's ``score_range`` are counted in ``run.json``."""


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
        Trait(
            "the rate in Hz that it works at, None for any; it resamples by itself, unless it says `resample`",
            RATE,
            fingerprint="always",
        ),
    ] = None
    resample: Annotated[
        bool,
        Trait(
            "whether the bench resamples for it, by libsoxr (VHQ): it is given signals at its `sample_rate`",
            FLAG,
            fingerprint="unless default",
            listed=False,
        ),
    ] = False
    window_seconds: Annotated[
        float | None,
        Trait(
            "how much audio it hears: it is given so much, around the clip's centre, or the whole clip where that "
            "is shorter; None for all of it",
            SECONDS_OR_NONE,
            fingerprint="always",
        ),
    ] = None
    crops: Annotated[
        bool,
        Trait(
            "whether it cuts its window out of the middle by itself, and is given all that lies evenly around it: "
            "for a metric whose own preprocessing comes before its cut",
            FLAG,
            listed=False,
        ),
    ] = False
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
    return plain(getattr(metric, name, getattr(MetricAttributes, name, None)))


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
            kept = plain(value)
            valid = value is MISSING or trait.values.valid(kept)
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
            traits[name] = kept
    return traits


def domain_note(domain: str) -> str | None:
    """What is said of a metric by what it was made for; None for a metric of music.

    >>> domain_note("speech")
    'made for speech: a wrong-domain control'
    """
    if domain == SIMULATION:
        return "simulated: it hears nothing, and its truth is known"
    return None if domain == HOME else f"made for {domain}: a wrong-domain control"
