"""Degradations one after another, as one degradation with one ladder.

A recording is rarely damaged once: a bar-room tape is reverberant, noisy and clipped. A chain runs its steps in
order, each on what the one before it left, and matches loudness once, at the end. Its placebo is the chain of the
steps' placebos. Its version names its steps' versions, so that a chain never keeps its version when a step changes.

Source: the Audio Degradation Toolbox composes its real-world degradations in this way (M. Mauch and S. Ewert,
ISMIR 2013).
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip, TimeMap
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import ConfigError, NotApplicableError


@dataclass(frozen=True, eq=False)
class Step:
    """One degradation of a chain.

    Attributes:
        degradation: what is done.
        strengths: how strongly at each of the chain's levels, in the degradation's own unit; a single number for
            all levels alike.
        optional: whether the step is left out where it does not apply (a low-pass above the band's edge). Where one
            that is not optional does not apply, neither does the chain.
    """

    degradation: Degradation
    strengths: tuple[float, ...]
    optional: bool = False

    def strength(self, level: int) -> float:
        """The step's strength at a level of the chain."""
        return self.strengths[0] if len(self.strengths) == 1 else self.strengths[level - 1]

    def level(self, level: int) -> int:
        """The step's own level at a level of the chain: one strength for all of them is one level for all of them.

        A step that is a chain itself is as strong as its level says, so the level is the one of that strength.
        """
        if isinstance(self.degradation, Chain):
            return self.degradation.ladder.strengths.index(self.strength(level)) + 1
        return 1 if len(self.strengths) == 1 else level


class Chain(Degradation):
    """Several degradations in a row.

    Derive from it and override :meth:`make_steps`, or give the steps of an ad hoc chain to :class:`AdHocChain`.
    """

    def __init__(self, ladder: Ladder | None = None) -> None:
        super().__init__(ladder)
        self.steps = tuple(self.make_steps())
        levels = len(self.ladder.levels)
        if not self.steps:
            raise ConfigError(f"chain {self.name!r} has no steps")
        for step in self.steps:
            if len(step.strengths) not in (1, levels):
                raise ConfigError(
                    f"chain {self.name!r}: {step.degradation.name} needs 1 or {levels} strengths, "
                    f"got {len(step.strengths)}"
                )
            step_ladder = step.degradation.ladder
            if isinstance(step.degradation, Chain) and not set(step.strengths) <= set(step_ladder.strengths):
                raise ConfigError(
                    f"chain {self.name!r}: {step.degradation.name} is a chain and has the strengths "
                    f"{_listed(step_ladder.strengths)} {step_ladder.unit} only, got {_listed(step.strengths)}"
                )
        parts = [step.degradation for step in self.steps]
        self.version = ".".join([self.version, *(part.version for part in parts)])
        required = [step.degradation for step in self.steps if not step.optional]
        self.needs = frozenset().union(*(part.needs for part in required))
        self.changes_duration = any(part.changes_duration for part in parts)
        self.moves_time = any(part.moves_time for part in parts)
        self.moves_window = any(part.moves_window for part in parts)
        self.matches_loudness = all(part.matches_loudness for part in parts)

    @property
    def is_foreign(self) -> bool:
        """Whether the chain or one of its steps is somebody else's."""
        return super().is_foreign or any(step.degradation.is_foreign for step in self.steps)

    @abstractmethod
    def make_steps(self) -> Sequence[Step]:
        """The steps, in order."""

    def undamaged(self, clip: Clip) -> Clip:
        """What the steps damage: where one of them takes something else than the clip, all of them take that."""
        for step in self.steps:
            clip = step.degradation.undamaged(clip)
        return clip

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw every step on what the steps before it leave; each has a seed of its own.

        Raises:
            NotApplicableError: names the step that does not apply, and why.
        """
        seeds = [int(rng.integers(2**62)) for _ in self.steps]
        drawn_params: list[dict[str, Any] | None] = []
        time_map: TimeMap | None = None
        annotations = clip.annotations
        for step, seed in zip(self.steps, seeds, strict=True):
            current = self._after(clip, {"steps": drawn_params})
            if annotations != current.annotations:
                current = current.with_samples(current.samples, annotations)
            try:
                step.degradation.check_needs(current)
                drawn = step.degradation.draw(current, step.level(level), step.strength(level), generator(seed))
            except NotApplicableError as error:
                if not step.optional:
                    raise NotApplicableError(f"{step.degradation.name}: {error}") from error
                drawn_params = [*drawn_params, None]
                continue
            drawn_params = [*drawn_params, json.loads(json.dumps(drawn.params))]
            annotations = drawn.annotations_after(annotations)
            if drawn.time_map is not None:
                time_map = drawn.time_map if time_map is None else time_map.then(drawn.time_map)
        if all(params is None for params in drawn_params):
            raise NotApplicableError("no step of the chain applies to this clip")
        changed = annotations != clip.annotations
        return Drawn({"steps": drawn_params}, time_map, strength, annotations if changed else None)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Run every step."""
        return self._after(clip, params).samples

    @remembered()
    def _after(self, clip: Clip, params: Mapping[str, Any]) -> Clip:
        """What the first ``len(params["steps"])`` steps leave; a longer one begins with the last answer."""
        done = list(params["steps"])
        if not done:
            return clip
        before = self._after(clip, {"steps": done[:-1]})
        if done[-1] is None:
            return before
        return before.with_samples(self.steps[len(done) - 1].degradation.damage(before, done[-1]))

    def make_placebo(self) -> Degradation | None:
        """The chain of the steps' placebos. A control in a chain is no damage and runs as it is.

        None where a step has no placebo: in its place the placebo would hold the damage itself.
        """
        steps = []
        for step in self.steps:
            placebo = step.degradation.placebo
            quiet, strengths = step.degradation, step.strengths
            if placebo is None and step.degradation.group != "control":
                return None
            if placebo is not None:
                single = len(placebo.ladder.levels) == 1
                quiet, strengths = placebo, placebo.ladder.strengths if single else step.strengths
            steps.append(Step(quiet, strengths, step.optional))
        if all(step.degradation.group == "control" for step in self.steps):
            return None
        return ChainPlacebo(self, steps)


class AdHocChain(Chain):
    """A chain that is put together from given steps (a user's suite), not from a class.

    Args:
        name: lower-case with underscores.
        steps: in order.
        ladder: the chain's own strengths, one per level, for tables and curves.
        group, family, summary, source, version: as of any degradation.
    """

    def __init__(
        self,
        name: str,
        steps: Sequence[Step],
        ladder: Ladder,
        *,
        group: str = "signal",
        family: str = "chain",
        summary: str = "",
        source: str = "a chain of one's own",
        version: str = "1",
    ) -> None:
        self.name, self.group, self.family, self.version = name, group, family, version  # type: ignore[assignment]
        self.summary = summary or "one after another: " + ", ".join(step.degradation.name for step in steps)
        self.source = source
        self.default_ladder = ladder
        self._given = tuple(steps)
        super().__init__(ladder)

    def make_steps(self) -> Sequence[Step]:
        """The steps that were given."""
        return self._given


class ChainPlacebo(AdHocChain):
    """The placebos of a chain's steps, in the chain's order, from the chain's seed."""

    def __init__(self, parent: Chain, steps: Sequence[Step]) -> None:
        single = all(len(step.strengths) == 1 for step in steps)
        strengths = parent.ladder.strengths[:1] if single else parent.ladder.strengths
        super().__init__(
            f"{parent.name}_placebo",
            steps,
            Ladder(strengths, parent.ladder.unit),
            group="control",
            family=parent.family,
            summary="the placebo of every step, in the same order",
            source=parent.source,
            version=parent.version,
        )
        self.parent, self.placebo_of, self.version = parent, parent.name, parent.version

    @property
    def seed_key(self) -> tuple[str, str]:
        """The parent's, so that both draw the same."""
        return self.parent.seed_key

    def make_placebo(self) -> Degradation | None:
        """A placebo has no placebo."""
        return None


def _listed(strengths: Sequence[float]) -> str:
    return ", ".join(f"{strength:g}" for strength in strengths)
