"""What can be expected of a metric: that it hears a damage, does not hear it, hears more of it the worse it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from degrade_bench._support.numbers import number
from degrade_bench.errors import ConfigError

Kind = Literal["sensitive", "blind", "monotone", "not_artefact"]
KINDS: tuple[Kind, ...] = get_args(Kind)

BOUND_OF: Mapping[str, str] = {"sensitive": "min_dz", "blind": "max_dz"}
"""The kinds that take a bound, and what it is called."""

POSITIVE_CONTROL = "white_noise"
"""What is to move a metric that is expected to be blind to something else."""

OF_A_LEVEL = ("sensitive", "not_artefact")
"""The kinds that are about one level."""


@dataclass(frozen=True)
class Expectation:
    """What is expected of a metric under one damage.

    Attributes:
        kind: one of :data:`KINDS`.
        degradation: the name of the damage.
        min_dz: ``sensitive``: what the net d_z is to be shown to exceed; None for the verdict ``sensitive``.
        max_dz: ``blind``: what the net d_z is to be shown to stay under, to either side, at every level; None for
            the verdict ``blind``.
        level: ``sensitive`` and ``not_artefact``: at which level; None for the highest.

    Raises:
        ConfigError: a bound or a level that cannot be, or that this kind does not take.
    """

    kind: Kind
    degradation: str
    min_dz: float | None = None
    max_dz: float | None = None
    level: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"there is no expectation {self.kind!r}; there are {', '.join(KINDS)}")
        for name, lowest in (("min_dz", 0.0), ("max_dz", 1e-9)):
            value = getattr(self, name)
            if value is None:
                continue
            if BOUND_OF.get(self.kind) != name:
                raise ConfigError(f"{name} is not for {self.kind}")
            if not lowest <= value < math.inf:
                raise ConfigError(f"{name} must be a number {'above' if lowest else 'from'} 0, got {value}")
        if self.level is not None and self.kind not in OF_A_LEVEL:
            raise ConfigError(f"level is not for {self.kind}: it is about all levels")

    @property
    def words(self) -> str:
        """What is expected, in a few words.

        >>> Expectation("sensitive", "white_noise", min_dz=0.5, level=3).words
        'sensitive to white_noise at level 3, net dz above 0.5'
        """
        at = "" if self.level is None else f" at level {self.level}"
        if self.kind == "sensitive":
            bound = "" if self.min_dz is None else f", net dz above {number(self.min_dz)}"
            return f"sensitive to {self.degradation}{at}{bound}"
        if self.kind == "blind":
            bound = "" if self.max_dz is None else f", net dz within ±{number(self.max_dz)} at every level"
            return f"blind to {self.degradation}{bound}"
        if self.kind == "monotone":
            return f"monotone in the level of {self.degradation}"
        return f"no artefact of {self.degradation}'s processing{at}"
