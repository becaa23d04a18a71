"""The protocol of a degradation: a ladder, a plan, a pure application, a measurement and a placebo.

One application happens in two steps. ``draw`` decides everything that is random or measured; ``damage``
turns samples and those decisions into new samples, and does nothing else. What was decided is the
:class:`Plan`, which goes to JSON and back, and from which :meth:`Degradation.apply` makes the same samples
again, bit for bit, in another process.

To add a degradation: derive from :class:`Degradation` in a file of its own, set the class attributes, write
``draw``, ``damage`` and ``measure``, and add one line to :mod:`degrade_bench.degrade.catalogue`.
"""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch

from degrade_bench._support.accelerator import scaled
from degrade_bench._support.stages import stage
from degrade_bench.clip import Clip, check_samples
from degrade_bench.clip.loudness import matching_gain_db
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn, Plan, Rendered
from degrade_bench.errors import NotApplicableError, PlanError

BENCH = __name__.partition(".")[0]
"""The package whose degradations are ours."""

Group = Literal["signal", "structural", "control"]
Need = Literal["beats", "downbeats", "stereo", "stems", "notes"]
Picture = Literal["waveform", "spectrogram", "order", "tempo", "pitch"]


class Degradation(ABC):
    """A named, versioned damage with a ladder of levels.

    Class attributes:
        name: lower-case with underscores; stable.
        version: changes whenever the samples of any plan would.
        group: ``"signal"``, ``"structural"`` or ``"control"``.
        family: groups kin (noise, clipping, codec, order, tempo, …); curves are drawn per family.
        default_ladder: strengths of levels 1 to 5 with their unit.
        source: the paper or tool that it comes from.
        summary: what it does and how it sounds, in one sentence.
        changes_duration: the output is longer or shorter than the clip, or starts elsewhere in it, so that
            a full-reference metric does not apply.
        moves_time: plans have a time map although the length stays: events come earlier or later within the clip.
        moves_window: the edit is meant to move what a windowed metric hears (a crop), so that the window is
            not centred again on the same music.
        matches_loudness: whether the output is brought to the clean clip's integrated loudness, however soft
            the clip is (:func:`~degrade_bench.clip.loudness.matching_gain_db`). False only where loudness is
            the damage, or the edit must not touch the level.
        needs: what a clip must have.
        placebo_of: the degradation whose placebo this is, or None.
        in_floor: of a control: whether what metrics make of it is part of their nuisance floor.
        picture: what shows the damage best on its page: ``waveform``, ``spectrogram``, ``order`` (which source
            bar is heard when), ``tempo`` (the time map) or ``pitch`` (a constant-Q spectrogram).
        caveat: where the achieved strength is not strictly monotone, or not what it seems, and why; for the page.
        definition: what beside name, version and ladder makes this object's samples what they are: the settings
            of a user's own degradation, the version of the library behind it. JSON types; part of a run's
            identity, so that a changed setting is not taken for the same run.
    """

    name: str
    version: str = "1"
    group: Group
    family: str
    default_ladder: Ladder
    source: str
    summary: str
    changes_duration: bool = False
    moves_time: bool = False
    moves_window: bool = False
    matches_loudness: bool = True
    needs: frozenset[Need] = frozenset()
    placebo_of: str | None = None
    in_floor: bool = True
    picture: Picture = "spectrogram"
    caveat: str = ""
    definition: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, ladder: Ladder | None = None) -> None:
        self.ladder = ladder or self.default_ladder

    # -- what a degradation writes ---------------------------------------------------------------

    @abstractmethod
    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Decide everything random or measured.

        The generator starts from the same state at every level: draw what the levels share first and in
        an order that does not depend on the level, so that the ladder is nested.

        Args:
            clip: what is to be damaged: samples ``(channels, time)``, and what is known of the music.
            level: from 1; for what grows with the level, use ``strength``.
            strength: of this level, in the ladder's unit.
            rng: the only source of chance; in the same state at every level.

        Raises:
            NotApplicableError: the clip cannot be damaged in this way; the message is the reason.
        """

    @abstractmethod
    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The damaged samples, ``float32`` of shape ``(channels, time)``, before loudness matching.

        Pure: the same clip and params give the same samples, bit for bit. Never writes to ``clip``.

        Args:
            clip: what is damaged.
            params: what ``draw`` decided, as JSON gives it back: lists for tuples.
        """

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The strength actually achieved, in the ladder's unit, from the two signals; None if unmeasurable.

        Must not be misled by the loudness-matching gain.

        Args:
            clean: the clip before.
            degraded: the clip after, loudness matching included; may be longer or shorter.
        """
        return None

    def make_placebo(self) -> Degradation | None:
        """The paired control: the same processing, with the music left intact. None for controls."""
        return None

    def undamaged(self, clip: Clip) -> Clip:
        """What is damaged of a clip, and what the damage is compared with: the clip as it is.

        A reproduction overrides it where a study damaged something else, such as one channel at another rate. A
        placebo gives what its degradation gives; what was given once must be given as it is when it is asked for.
        """
        return clip

    # -- what it gets ------------------------------------------------------------------------------

    @property
    def placebo(self) -> Degradation | None:
        """The placebo, made once."""
        if not hasattr(self, "_placebo"):
            self._placebo = self.make_placebo()
        return self._placebo

    @property
    def is_foreign(self) -> bool:
        """Whether somebody else's code does the damage, so that it is called under a guard."""
        return type(self).__module__.partition(".")[0] != BENCH

    @property
    def seed_key(self) -> tuple[str, str]:
        """Name and version that seed this degradation; a placebo draws what its degradation draws."""
        return self.name, self.version

    def check_needs(self, clip: Clip) -> None:
        """Raise unless the clip has what this degradation needs.

        Raises:
            NotApplicableError: names what is missing.
        """
        beats, downbeats = clip.annotations.beats, clip.annotations.downbeats
        if "beats" in self.needs and len(beats) < 2:
            raise NotApplicableError(f"needs beats; the clip has {len(beats)}")
        if "downbeats" in self.needs and len(downbeats) < 2:
            raise NotApplicableError(f"needs bars; the clip has {len(downbeats)} downbeats")
        if "stereo" in self.needs and clip.channels != 2:
            raise NotApplicableError(f"needs two channels; the clip has {clip.channels}")
        if "stems" in self.needs and not clip.stems:
            raise NotApplicableError("needs stems; the clip has none")
        if "notes" in self.needs and clip.notes is None:
            raise NotApplicableError("needs notes; the clip is a recording")

    def render(self, clip: Clip, level: int, rng: np.random.Generator) -> Rendered:
        """Draw a plan and apply it, doing the damage once.

        Args:
            clip: what is damaged.
            level: from 0 (clean: the clip itself comes back) to the ladder's last.
            rng: for what is random; :func:`~degrade_bench.degrade.seeds.generator` makes one.

        Raises:
            LevelError: no such level.
            NotApplicableError: the clip cannot be damaged in this way.
        """
        if level == 0:
            plan = Plan(self.name, self.version, 0, None, self.ladder.unit, clip.hash, clip.sample_rate)
            return Rendered(clip, plan)
        strength = self.ladder.strength(level)
        before = self.undamaged(clip)
        self.check_needs(before)
        with stage("plan"):
            drawn = self.draw(before, level, strength, rng)
        params = json.loads(json.dumps(drawn.params, allow_nan=False))  # what a replay will read
        with stage("damage"):
            damaged = self._damaged(before, params)
        gain_db = 0.0
        if self.matches_loudness:
            with stage("match"):
                gain_db = matching_gain_db(damaged, before)
        plan = Plan(
            degradation=self.name,
            version=self.version,
            level=level,
            strength=strength,
            unit=self.ladder.unit,
            clip_hash=clip.hash,
            sample_rate=clip.sample_rate,
            params=params,
            gain_db=gain_db,
            time_map=drawn.time_map,
            achieved=drawn.achieved,
            annotations=drawn.annotations,
        )
        with stage("damage"):
            return Rendered(self._finished(before, damaged, plan), plan)

    def plan(self, clip: Clip, level: int, rng: np.random.Generator) -> Plan:
        """Draw everything random or measured about one application, the loudness-matching gain included.

        Args:
            clip: what is to be damaged.
            level: from 0 (clean) to the ladder's last.
            rng: for what is random; an equal one gives an equal plan.
        """
        return self.render(clip, level, rng).plan

    def apply(self, clip: Clip, plan: Plan) -> Clip:
        """Replay a plan on the clip that it was drawn for.

        Raises:
            PlanError: the plan belongs to another degradation, version or clip.
        """
        if (plan.degradation, plan.version) != (self.name, self.version):
            raise PlanError(
                f"plan is for {plan.degradation} version {plan.version}, not {self.name} version {self.version}"
            )
        if plan.clip_hash != clip.hash:
            raise PlanError(
                f"plan of {self.name} was drawn for samples {plan.clip_hash[:12]}…, "
                f"but clip {clip.id!r} has {clip.hash[:12]}…"
            )
        if plan.level == 0:
            return clip
        before = self.undamaged(clip)
        return self._finished(before, self._damaged(before, plan.params), plan)

    def achieved(self, clean: Clip, rendered: Rendered) -> float | None:
        """The strength achieved: measured where it can be, by construction otherwise."""
        measured = self.measure(self.undamaged(clean), rendered.clip)
        return rendered.plan.achieved if measured is None else measured

    def varied(
        self,
        *,
        name: str | None = None,
        ladder: Ladder | None = None,
        definition: Mapping[str, Any] | None = None,
    ) -> Degradation:
        """A copy under another name, with another ladder or definition, and with a placebo of its own.

        Args:
            name: of the copy; its own by default.
            ladder: of the copy; its own by default.
            definition: settings of the copy, as JSON types; its own by default.
        """
        other = copy.copy(self)
        other.__dict__.pop("_placebo", None)
        other.name = self.name if name is None else name
        other.ladder = self.ladder if ladder is None else ladder
        if definition is not None:
            other.definition = definition
        return other

    def describe(self) -> dict[str, Any]:
        """What ``degrade-bench list degradations --json`` prints of this one."""
        return {
            "name": self.name,
            "version": self.version,
            "group": self.group,
            "family": self.family,
            "ladder": [
                {"level": level, "strength": self.ladder.strength(level), "unit": self.ladder.unit}
                for level in self.ladder.levels
            ],
            "placebo": self.placebo.name if self.placebo else None,
            "placebo_of": self.placebo_of,
            "source": self.source,
            "summary": self.summary,
            "changes_duration": self.changes_duration,
            "matches_loudness": self.matches_loudness,
            "needs": sorted(self.needs),
            "definition": dict(self.definition),
        }

    def identity(self) -> list[Any]:
        """What tells this object from another of its name: version, unit, strengths and, where set, definition."""
        told: list[Any] = [self.version, self.ladder.unit, *self.ladder.strengths]
        return [*told, dict(self.definition)] if self.definition else told

    def _damaged(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        damaged = self.damage(clip, params)
        check_samples(damaged, where=f"output of {self.name} on clip {clip.id!r}")
        return damaged

    def _finished(self, clip: Clip, damaged: torch.Tensor, plan: Plan) -> Clip:
        if plan.gain_db != 0.0:
            damaged = scaled(damaged, float(10 ** (plan.gain_db / 20)))
        return clip.with_samples(damaged, plan.annotations_after(clip.annotations))
