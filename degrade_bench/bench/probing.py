"""Which metrics of a run are probed, where, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from degrade_bench._support.numbers import number
from degrade_bench._support.pipes import needs_main_script, receive, send
from degrade_bench._support.processes import how_it_ended
from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.host.process import KILLED_FROM_OUTSIDE
from degrade_bench.metric.host.proxy import Hosted
from degrade_bench.metric.identity import is_foreign
from degrade_bench.metric.outside.metric import Outside
from degrade_bench.runs.probes import Probe
from degrade_bench.runs.record import RunRecord
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.probe import died, probe
from degrade_bench.sweep.processes import UNGUARDED, Hello, Probing, start_process
from degrade_bench.sweep.spec import Sweep, split_metrics


@dataclass(frozen=True)
class Probed:
    """What came of probing the metrics of a run.

    Attributes:
        probes: what was found, by metric.
        refused: the metrics whose scores would mean nothing, with the reason.
    """

    probes: Mapping[str, Probe]
    refused: Mapping[str, str]


def probed(config: RunConfig, sweep: Sweep, previous: RunRecord | None, warned: Callable[[str], None]) -> Probed:
    """Probe the plug-in metrics of a run that were not probed in an earlier start of it.

    Built-in metrics are not probed, and neither are oracles, which hear nothing.

    Args:
        config: what was asked.
        sweep: what it resolved to.
        previous: the record of the earlier start, if there was one.
        warned: told what is wrong with a metric.

    Raises:
        MetricError: the scores of all metrics would mean nothing, and the run is not to go on nevertheless.
    """
    before = {} if previous is None else previous.probes
    light, _ = split_metrics(sweep.metrics)
    probes: dict[str, Probe] = {}
    errors: dict[str, MetricError] = {}
    for metric in sweep.metrics:
        has_its_process = isinstance(metric, Hosted | Outside)
        if metric.oracle or not (has_its_process or is_foreign(metric)):
            continue
        known = before.get(metric.name)
        if known is not None and known.skipped is None and known.fingerprint == metric.fingerprint():
            probes[metric.name] = known
            continue
        reason = _why_not(config)
        if reason is not None:
            probes[metric.name] = Probe(fingerprint=metric.fingerprint(), skipped=reason)
            continue
        apart = sweep.workers > 1 and metric in light and not has_its_process
        try:
            found = _found(metric, apart, config)
        except MetricError as error:
            errors[metric.name] = error
            continue
        for text in found.warnings:
            warned(f"metric {metric.name}: {text}")
        probes[metric.name] = found
    if errors and len(errors) == len(sweep.metrics):
        raise next(iter(errors.values()))
    refused = {name: str(error).removeprefix(f"metric {name!r} ") for name, error in errors.items()}
    for name, reason in refused.items():
        warned(f"metric {name} is left out: it {reason}")
    return Probed(probes, refused)


def _why_not(config: RunConfig) -> str | None:
    if not config.probe:
        return "--no-probe"
    return "metrics are not probed on a cluster" if config.engine != "local" else None


def _found(metric: Metric, apart: bool, config: RunConfig) -> Probe:
    """What a probe finds.

    Args:
        metric: that is probed.
        apart: whether in a worker process, which a crash ends in place of this one.
        config: says whether what would end the run only becomes a warning.

    Raises:
        MetricError: its scores would mean nothing, and the run is not to go on nevertheless.
    """
    try:
        return _in_a_worker(metric, config.metric_timeout or None) if apart else probe(metric)
    except MetricError as error:
        if not config.keep_going:
            raise
        return Probe(fingerprint=metric.fingerprint(), warnings=(str(error),))


def _in_a_worker(metric: Metric, timeout: float | None) -> Probe:
    """Probe a metric where it is going to be called.

    Args:
        metric: a light one.
        timeout: seconds that it may take; None for no limit.

    Raises:
        MetricError: its scores would mean nothing, or the process ended over clean music.
    """
    process, connection = start_process(needs_main_script(metric))
    begun, answer, silent = False, None, False
    try:
        with suppress(EOFError, OSError):  # the process has ended
            send(connection, Probing(metric))
            begun = isinstance(receive(connection), Hello)
            if begun:
                silent = not connection.poll(timeout)
                answer = None if silent else receive(connection)
            send(connection, None)
        process.join(timeout=2)
        ended = process.exitcode
    finally:
        connection.close()
        if process.is_alive():
            process.kill()
        process.join()
    if isinstance(answer, MetricError):
        raise answer
    if isinstance(answer, Probe):
        return answer
    fingerprint = metric.fingerprint()
    if not begun or ended == UNGUARDED:  # the run itself says what keeps workers from starting
        return Probe(fingerprint=fingerprint, skipped="no worker process could be started with it")
    did = (
        f"it did not answer within {number(timeout)} s" if silent else f"its process ended ({how_it_ended(ended)})"
    )
    if ended in KILLED_FROM_OUTSIDE and not silent:
        return Probe(fingerprint=fingerprint, warnings=(f"over clean music {did}",))
    raise MetricError(died(metric.name, f"over clean music {did}"))
