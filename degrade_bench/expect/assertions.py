"""Assertions about a metric, for tests: each measures, and raises AssertionError where it was not shown.

Of the metric the cells that an assertion needs are scored once in a process; see
:class:`~degrade_bench.expect.session.Bench`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from degrade_bench.degrade.base import Degradation
    from degrade_bench.expect.expectation import Kind
    from degrade_bench.expect.outcome import Outcome
    from degrade_bench.expect.session import Bench

_benches: list[Bench] = []
"""The one of this process, once it was asked for."""


def assert_sensitive(
    subject: Any,
    degradation: str | Degradation,
    *,
    min_dz: float | None = None,
    level: int | None = None,
    metric: str | None = None,
    bench: Bench | None = None,
    **declared: Any,
) -> Outcome:
    """Assert that a metric loses score under a damage, beyond what the damage's placebo costs.

    Args:
        subject: a metric as :func:`~degrade_bench.stress_test` takes it, its class, or what ``--metric`` takes; or
            the result of a run, or a run directory.
        degradation: the damage: a name, where its class is, or an object.
        min_dz: what the net d_z is to be shown to exceed; None for the verdict ``sensitive``.
        level: at which level; None for the highest that was scored.
        metric: of a run with several metrics, which.
        bench: what scores; None for one with the defaults, which this process shares.
        declared: what is declared of a function (``higher_is_better=True``), or settings of a metric by name.

    Raises:
        AssertionError: it was not shown; says what was measured, what was asked, and the power that there was.
        DegradeBenchError: it cannot be asked.
    """
    __tracebackhide__ = True
    return _asserted("sensitive", subject, degradation, metric, bench, declared, min_dz=min_dz, level=level)


def assert_blind(
    subject: Any,
    degradation: str | Degradation,
    *,
    max_dz: float | None = None,
    metric: str | None = None,
    bench: Bench | None = None,
    **declared: Any,
) -> Outcome:
    """Assert that a metric does not hear a damage, at any level, while it does hear something else.

    Args:
        subject: as for :func:`assert_sensitive`.
        degradation: the damage.
        max_dz: within what, to either side, the net d_z is to be shown to lie; None for the verdict ``blind``.
        metric: of a run with several metrics, which.
        bench: what scores.
        declared: of a function, or settings.

    Raises:
        AssertionError: it was not shown.
        DegradeBenchError: it cannot be asked.
    """
    __tracebackhide__ = True
    return _asserted("blind", subject, degradation, metric, bench, declared, max_dz=max_dz)


def assert_monotone(
    subject: Any,
    degradation: str | Degradation,
    *,
    metric: str | None = None,
    bench: Bench | None = None,
    **declared: Any,
) -> Outcome:
    """Assert that a metric loses more, the worse the damage is.

    Args:
        subject: as for :func:`assert_sensitive`.
        degradation: the damage.
        metric: of a run with several metrics, which.
        bench: what scores.
        declared: of a function, or settings.

    Raises:
        AssertionError: it was not shown.
        DegradeBenchError: it cannot be asked.
    """
    __tracebackhide__ = True
    return _asserted("monotone", subject, degradation, metric, bench, declared)


def assert_not_artefact(
    subject: Any,
    degradation: str | Degradation,
    *,
    level: int | None = None,
    metric: str | None = None,
    bench: Bench | None = None,
    **declared: Any,
) -> Outcome:
    """Assert that what a metric loses is the damage's: that more than a quarter of it is beyond the placebo's.

    Args:
        subject: as for :func:`assert_sensitive`.
        degradation: the damage.
        level: at which level; None for the highest that was scored.
        metric: of a run with several metrics, which.
        bench: what scores.
        declared: of a function, or settings.

    Raises:
        AssertionError: it was not shown.
        DegradeBenchError: it cannot be asked.
    """
    __tracebackhide__ = True
    return _asserted("not_artefact", subject, degradation, metric, bench, declared, level=level)


def _asserted(
    kind: Kind,
    subject: Any,
    degradation: str | Degradation,
    metric: str | None,
    bench: Bench | None,
    declared: dict[str, Any],
    **bounds: Any,
) -> Outcome:
    """What comes of it, where it was shown.

    Args:
        kind: of the expectation.
        subject: the metric or run.
        degradation: the damage.
        metric: which of a run.
        bench: what scores.
        declared: of a function, or settings.
        bounds: of the expectation.
    """
    __tracebackhide__ = True
    from degrade_bench.expect.session import Bench, expectation

    if bench is None:
        bench = _benches[0] if _benches else Bench()
        _benches[:] = [bench]
    damage = None if isinstance(degradation, str) else degradation
    outcome = bench.check(subject, expectation(kind, degradation, **bounds), damage, metric, declared)
    if not outcome.passed:
        raise AssertionError(outcome.text)
    return outcome
