"""A metric that lives in another process, and looks like any other here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from degrade_bench._support.texts import ForeignError
from degrade_bench.errors import ConfigError, MetricError, NotApplicableError
from degrade_bench.metric.base import Metric, Treatment
from degrade_bench.metric.host.messages import Answer, Failed, Load, Loaded, Look, Request, Score, Scored, Seen
from degrade_bench.metric.host.process import HostProcess, MetricDiedError
from degrade_bench.metric.host.timeout import TIMEOUT_SECONDS
from degrade_bench.metric.traits import TRAITS


class ForeignMetricError(ForeignError):
    """What a metric raised in its process.

    Args:
        reason: type and text of the error.
        out_of_memory: whether memory did not suffice.
    """

    def __init__(self, reason: str, out_of_memory: bool = False) -> None:
        super().__init__(reason)
        self.out_of_memory = out_of_memory

    def __reduce__(self) -> tuple[Any, ...]:
        return ForeignMetricError, (str(self), self.out_of_memory)


def look(request: Look, timeout: float | None) -> tuple[HostProcess, Mapping[str, str | None]]:
    """Which metrics there are at a place, seen in a process of its own, and that process.

    Args:
        request: where.
        timeout: as for :func:`load_apart`.

    Returns:
        the process, which can load one of them, and by the name of its class what each calls itself.

    Raises:
        ConfigError, MetricError: as :func:`load_apart`.
    """
    host, answer = _asked_first(HostProcess(), request, request.path, timeout)
    assert isinstance(answer, Seen)
    return host, answer.found


def _asked_first(
    host: HostProcess, request: Load | Look, spec: str, timeout: float | None
) -> tuple[HostProcess, Answer]:
    """The answer of a process that imports foreign code; it is ended where that fails.

    Args:
        host: the process.
        request: what it is asked.
        spec: the metric as the user named it.
        timeout: as for :func:`load_apart`.
    """
    try:
        answer = host.ask(request, timeout)
    except MetricDiedError as error:
        raise MetricError(f"metric {spec!r} cannot be loaded: {error}") from None
    if isinstance(answer, Failed):
        host.stop()
        raise _as_raised(answer, spec)
    return host, answer


def load_apart(request: Load, timeout: float | None = TIMEOUT_SECONDS, host: HostProcess | None = None) -> Hosted:
    """Load a metric in a process of its own.

    Args:
        request: which one.
        timeout: seconds that it may take for one batch, and a third of those that it may be loaded for; None for no
            limit.
        host: a process that has looked at the metric; by default a new one.

    Raises:
        ConfigError, MetricError: as :func:`~degrade_bench.metric.catalogue.load_metric`; also where the process
            ends while the metric is loaded, or is not done in time.
    """
    host, answer = _asked_first(host or HostProcess(), request, request.spec, timeout)
    assert isinstance(answer, Loaded)
    hosted = Hosted(request, answer, timeout)
    hosted.adopt(host)
    return hosted


class Hosted(Metric):
    """A metric in a process of its own, which is started when it is first needed and again when it has died.

    Whoever is given a copy in another process starts a host there.

    Args:
        request: which metric.
        loaded: what it said of itself.
        timeout: seconds that it may take for one batch; None for no limit.
    """

    def __init__(self, request: Load, loaded: Loaded, timeout: float | None) -> None:
        self._request, self._loaded, self._timeout = request, loaded, timeout
        self.given_settings = loaded.settings
        for name in TRAITS:
            setattr(self, name, getattr(loaded.traits, name))
        self._host: HostProcess | None = None
        self._counted_before: Mapping[str, int] = {}
        self._counted: Mapping[str, int] | None = loaded.counts
        self._printed = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return Hosted, (self._request, self._loaded, self._timeout)

    @property
    def of_sets(self) -> bool:
        """Whether it compares sets of clips, which is done where their vectors are."""
        return self._loaded.of_sets

    def adopt(self, host: HostProcess) -> None:
        """Use a process that has loaded the metric already."""
        self._host = host

    def rest(self) -> None:
        """End the process until the metric is needed again."""
        if self._host is not None:
            self._host.stop()
            self._host = None
            self._counted_before = self.counts() if self._counted is not None else {}
            self._counted = {}

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """As the metric scores.

        Raises:
            MetricDiedError: its process ended, or did not answer in time.
            ForeignMetricError: what it raised.
            NotApplicableError: it does not apply.
        """
        return self._scored(self._request_for(batch, sample_rate, reference, windows=False))

    def score_windows(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """As the metric scores windows; errors as in :meth:`score`."""
        return self._scored(self._request_for(batch, sample_rate, reference, windows=True))

    def score_watched(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, int]:
        """Scores, or those of windows of a metric that hops, and how many characters it printed.

        Args:
            batch: as for :meth:`score`; errors, too.
            sample_rate: in Hz.
            reference: as for :meth:`score`.
        """
        request = self._request_for(batch, sample_rate, reference, windows=self.hop_seconds is not None)
        scores = self._scored(replace(request, watched=True))
        return scores, self._printed

    def score_treatment(self, treatment: Treatment) -> float:
        """As the metric scores what was done, if it is an oracle; errors as in :meth:`score`."""
        return float(self._scored(treatment)[0])

    def counts(self) -> dict[str, int]:
        """What it counted, in all of its processes.

        Raises:
            MetricError: it failed to say what it counted.
        """
        if self._counted is None:
            raise MetricError(f"metric {self.name!r}: counts() failed")
        words = {**self._counted_before, **self._counted}
        return {word: self._counted_before.get(word, 0) + self._counted.get(word, 0) for word in words}

    def fingerprint(self) -> str:
        """The metric's."""
        return self._loaded.traits.fingerprint

    def fingerprint_parts(self) -> dict[str, Any]:
        """The metric's, as text."""
        return dict(self._loaded.parts)

    def describe(self) -> dict[str, Any]:
        """What the metric says of itself."""
        return dict(self._loaded.described)

    @staticmethod
    def _request_for(batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None, windows: bool) -> Score:
        given = None if reference is None else reference.numpy()
        return Score(batch.numpy(), sample_rate, given, windows, torch.get_num_threads())

    def _scored(self, request: Score | Treatment) -> torch.Tensor:
        try:
            answer = self._asked(request)
        except MetricDiedError as error:
            if not error.from_outside:
                raise
            answer = self._asked(request)  # once more: that was not its fault
        if isinstance(answer, Failed):
            raise _as_scoring_error(answer)
        assert isinstance(answer, Scored)
        self._counted, self._printed = answer.counts, answer.printed
        return torch.tensor(answer.scores, dtype=torch.float64)

    def _asked(self, request: Request) -> Any:
        host = self._running()
        try:
            return host.ask(request, self._timeout)
        finally:
            if not host.alive:
                self.rest()

    def _running(self) -> HostProcess:
        if self._host is None or not self._host.alive:
            self.rest()
            host = HostProcess()
            answer = host.ask(self._request, self._timeout)
            if isinstance(answer, Failed):
                host.stop()
                raise MetricDiedError(f"its process was started again, and then: {answer.reason}")
            assert isinstance(answer, Loaded)
            if answer.traits != self._loaded.traits:
                host.stop()
                raise MetricDiedError("its code has changed since the run began")
            self._host = host
        return self._host


def _as_raised(failed: Failed, spec: str) -> Exception:
    """The error of the bench that was raised in the process; any other as a :class:`MetricError`."""
    if failed.kind == MetricError.__name__:
        return MetricError(failed.reason)
    if failed.kind is not None:
        return ConfigError(failed.reason)
    return MetricError(f"metric {spec!r} cannot be loaded: {failed.reason}")


def _as_scoring_error(failed: Failed) -> Exception:
    if failed.kind == NotApplicableError.__name__:
        return NotApplicableError(failed.reason)
    reason = failed.reason if failed.kind is None else f"{failed.kind}: {failed.reason}"
    return ForeignMetricError(reason, failed.out_of_memory)
