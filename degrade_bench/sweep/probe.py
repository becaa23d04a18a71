"""What a metric does, held against what it declares, on two short clips and before a run begins.

The metric is called as the sweep calls it: in its own process or under the guard, with inputs that are cut and
resampled in the same way. What makes its scores meaningless is an error; anything else is a warning, because two
generated clips are no verdict on a metric.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from degrade_bench._support.numbers import fixed
from degrade_bench._support.texts import said
from degrade_bench.clip import Clip
from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.memory import is_out_of_memory
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.probes import Probe
from degrade_bench.sweep.probe_calls import Calls
from degrade_bench.sweep.probe_clips import SAMPLE_RATE, probe_clip, under_noise

SHORT_SECONDS, LONGER_SECONDS, LONGEST_SECONDS = 2.5, 10.0, 60.0
"""Of a probe's clips; of those that a metric is tried on which raises on short ones; the most that is made."""
BUDGET_SECONDS = 60.0
"""A check that would take a metric's probe beyond that is left out."""
BATCH_TOLERANCE, REPEAT_TOLERANCE = 1e-4, 1e-6
"""By how much scores of the same signal may differ, as a share of the largest score."""
MUCH_PRINTED = 100_000
"""Characters that are worth a warning."""


def probe(metric: Metric) -> Probe:
    """Try a metric on two generated clips, with two to six calls.

    Raises:
        MetricError: its scores would mean nothing: it does not give one number per signal, gives NaN for clean
            music, needs a reference or a sample rate and does not say so, or does not outlive a clip.
    """
    traits = Traits.of(metric)
    seconds = max(SHORT_SECONDS, traits.min_seconds, traits.window_seconds or 0.0, traits.hop_seconds or 0.0)
    if seconds > LONGEST_SECONDS:
        needs = f"it hears {seconds:g} s at once, and a probe's clips have at most {LONGEST_SECONDS:g} s"
        return Probe(fingerprint=traits.fingerprint, skipped=needs)
    return _Prober(metric, traits, seconds).result()


class _Prober:
    """The checks of one metric, in order.

    Args:
        metric: that is probed.
        traits: what it declares.
        seconds: of the clips.
    """

    def __init__(self, metric: Metric, traits: Traits, seconds: float) -> None:
        self._traits, self._seconds = traits, seconds
        self._calls = Calls(metric, traits, BUDGET_SECONDS)
        self._warnings: list[str] = []
        self._left_out: list[str] = []
        self._clean: list[Clip] = [probe_clip(which, seconds) for which in (0, 1)]

    def result(self) -> Probe:
        """Make the checks.

        Raises:
            MetricError: as :func:`probe`.
        """
        skipped = self._check()
        if self._calls.printed > MUCH_PRINTED:
            self._warnings.append(f"it prints: {self._calls.printed} characters over one call")
        return Probe(
            fingerprint=self._traits.fingerprint,
            warnings=tuple(self._warnings),
            left_out=tuple(self._left_out),
            skipped=skipped,
        )

    def _check(self) -> str | None:
        """All checks; gives the reason where none could be made.

        Raises:
            MetricError: as :func:`probe`.
        """
        try:
            first = self._calls.score(self._clean[:1])[0]
        except NotApplicableError as error:
            return f"it does not apply to generated clips: {error}"
        except Exception as error:  # a third party's metric may raise anything
            self._warnings.append(self._why_it_failed(error))
            self._left_out.append("everything else: it did not score the first clip")
            return None
        is_steady = self._repeated(first)
        self._batched(first, is_steady)
        if self._traits.needs_reference and is_steady:
            self._referred(first)
        if self._calls.wrote:
            self._warnings.append("it writes to its input, which is a copy where the bench calls it")
        if self._calls.changed:
            self._warnings.append(
                f"it changes {', '.join(self._calls.changed)} for the whole process; the bench puts that back"
            )
        return None

    def _why_it_failed(self, error: Exception) -> str:
        """Why the first clip was not scored, and what to declare where that would help.

        Raises:
            MetricError: the metric does not give a number per signal, lacks a reference or its sample rate, or its
                process does not outlive a clip.
        """
        self._refuse(error)
        over = f"over {self._seconds:g} s of clean music"
        if is_out_of_memory(error):
            return f"{over} memory did not suffice: {said(error)}"
        if isinstance(error, MetricDiedError):
            if not error.from_outside:
                raise MetricError(died(self._traits.name, f"{over} {_done(error)}"))
            return f"{over} {_done(error)}"
        if not self._traits.needs_reference and self._works(lambda: self._calls.score(self._clean[:1], True)):
            raise MetricError(
                f"metric {self._traits.name!r} declares needs_reference = False, and without a reference "
                f"{_done(error)}; with one it scores: declare needs_reference = True"
            )
        rate = None if self._traits.resample else self._traits.sample_rate
        if rate is not None and self._works(lambda: self._calls.score(self._clean[:1], rate=rate)):
            raise MetricError(
                f"metric {self._traits.name!r} declares sample_rate = {rate}, and over clips of {SAMPLE_RATE} Hz "
                f"{_done(error)}: declare resample = True, and the bench resamples for it"
            )
        mono = self._clean[0].with_samples(self._clean[0].samples.mean(dim=0, keepdim=True))
        if self._works(lambda: self._calls.score([mono])):
            return f"{over} in two channels {_done(error)}, and in one it does not: have it take their mean"
        is_short = self._seconds < LONGER_SECONDS
        if is_short and self._works(lambda: self._calls.score([probe_clip(0, LONGER_SECONDS)])):
            return f"{over} {_done(error)}, and over {LONGER_SECONDS:g} s it does not: declare min_seconds"
        return f"{over} {_done(error)}"

    def _works(self, call: Callable[[], object]) -> bool:
        """Whether another call than the one that raised works; False where it would take too long."""
        if not self._calls.affords(1):
            return False
        try:
            call()
        except Exception:  # a third party's metric may raise anything
            return False
        return True

    def _refuse(self, error: Exception) -> None:
        """Raise for a metric that did not return scores.

        Raises:
            MetricError: it did not.
        """
        wrong = said(error).removeprefix("MetricError: ")
        if wrong.startswith(f"metric {self._traits.name!r} returned "):
            raise MetricError(f"{wrong}; found before the run, on generated clips")

    def _affords(self, signals: int, check: str) -> bool:
        """Whether there is time for a check; where there is not, it is noted."""
        if self._calls.affords(signals):
            return True
        self._left_out.append(f"{check}: the metric took {fixed(self._calls.slowest, 0)} s for one clip")
        return False

    def _repeated(self, first: float) -> bool:
        """Whether the same signal gets the same score again."""
        if not self._affords(1, "whether its scores can be repeated"):
            return True
        again = self._tried("when the same clip is scored again,", self._clean[:1])
        if again is None or _equal(first, again[0], REPEAT_TOLERANCE, [first, again[0]]):
            return True
        self._warnings.append(f"the same clip, scored twice, gets {first:g} and {again[0]:g}: it depends on chance")
        return False

    def _batched(self, first: float, is_steady: bool) -> None:
        """Score clean and noisy clips together: one number for each, the same as alone, and noise is no better.

        Raises:
            MetricError: it does not give one number per signal, or NaN for both clean clips.
        """
        checks = "whether a score depends on its batch, and the direction"
        if not self._affords(4, checks):
            if math.isnan(first):
                self._warnings.append("it gives NaN for a clip of clean music")
            return
        noisy = [under_noise(clip, which) for which, clip in enumerate(self._clean)]
        clean = [clip for clip in self._clean for _ in (0, 1)]
        signals = [self._clean[0], noisy[0], self._clean[1], noisy[1]]
        scores = self._tried(f"it scores one signal; of a batch of {len(signals)}", signals, clean)
        if scores is None:
            self._left_out.append(f"{checks}: it did not score the batch")
            return
        if math.isnan(first) and math.isnan(scores[2]):
            raise MetricError(
                f"metric {self._traits.name!r} gives NaN for clean music, of two generated clips of "
                f"{self._seconds:g} s; if it is right to, --no-probe runs it nevertheless"
            )
        if math.isnan(scores[0]) or math.isnan(scores[2]):
            self._warnings.append("it gives NaN for one of two clips of clean music")
        if not is_steady:
            return
        if not _equal(first, scores[0], BATCH_TOLERANCE, scores):
            self._warnings.append(
                f"a clip's score is {first:g} alone and {scores[0]:g} beside others: it depends on the batch"
            )
        self._directed(scores)

    def _directed(self, scores: Sequence[float]) -> None:
        """Noise as loud as the music must not be better on both clips."""
        sign = 1 if self._traits.higher_is_better else -1
        least = BATCH_TOLERANCE * _scale(scores)
        pairs = list(pairwise(scores))[::2]
        if all(sign * (noisy - clean) > least for clean, noisy in pairs):
            moves = ", ".join(f"{clean:g} to {noisy:g}" for clean, noisy in pairs)
            self._warnings.append(
                f"noise as loud as the music makes it better on both clips ({moves}): is higher_is_better = "
                f"{self._traits.higher_is_better} right?"
            )

    def _referred(self, first: float) -> None:
        """Another reference must make another score."""
        if not self._affords(1, "whether it uses its reference"):
            return
        other = self._tried("with another clip as its reference", self._clean[:1], self._clean[1:])
        if other is not None and _equal(first, other[0], 0.0, [first]) and not math.isnan(first):
            self._warnings.append(
                f"it declares needs_reference = True, and gives {first:g} with either of two references"
            )

    def _tried(
        self, what: str, signals: Sequence[Clip], references: Sequence[Clip] | None = None
    ) -> list[float] | None:
        """Scores; None where the metric raises, which is a warning.

        Args:
            what: the beginning of the warning.
            signals: to score together.
            references: of each of them; by default the signals themselves.

        Raises:
            MetricError: it does not give one number per signal.
        """
        try:
            return self._calls.score(signals, references=references)
        except Exception as error:  # a third party's metric may raise anything
            self._refuse(error)
            self._warnings.append(f"{what} {_done(error)}")
            return None


def died(name: str, how: str) -> str:
    """The message of a metric whose process does not outlive a clip.

    Args:
        name: of the metric.
        how: it ended.
    """
    return f"metric {name!r} cannot be used: {how}; --no-probe runs it nevertheless"


def _done(error: Exception) -> str:
    """What a metric did that gave no scores: it raised, exited, or its process ended."""
    text = str(error) if isinstance(error, MetricDiedError) else said(error)
    if text.startswith(("it ", "its ")):
        return text
    return f"it raises {text}" if text.partition(":")[0].isidentifier() else f"it fails: {text}"


def _scale(scores: Sequence[float]) -> float:
    return max((abs(score) for score in scores if math.isfinite(score)), default=0.0)


def _equal(one: float, other: float, tolerance: float, scores: Sequence[float]) -> bool:
    if one == other or (math.isnan(one) and math.isnan(other)):
        return True
    return abs(one - other) <= tolerance * _scale(scores)
