"""What is said to a metric outside and what it answers: JSON, over a pipe or over HTTP."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from degrade_bench._support.texts import one_line, shown
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.outside.transport import Signals


def request(signals: Signals, key: str, carried: Sequence[str]) -> dict[str, Any]:
    """The request to score signals.

    Args:
        signals: to be scored.
        key: under which a signal's samples are carried.
        carried: what stands there, for the signals and then for the references.
    """
    references = signals.references or ()
    entries = [
        {key: text, "channels": samples.shape[0], "frames": samples.shape[1]}
        for samples, text in zip([*signals.samples, *references], carried, strict=True)
    ]
    count = len(signals.samples)
    beside: dict[str, Any] = {"references": entries[count:]} if signals.references is not None else {}
    if signals.hop_seconds is not None:
        beside["hop_seconds"] = signals.hop_seconds
    return {"sample_rate": signals.sample_rate, "signals": entries[:count], **beside}


def scores_of(answer: Mapping[str, Any], signals: Signals) -> list[list[float]]:
    """The scores of an answer; None and NaN stand for what cannot be scored.

    Args:
        answer: a JSON object.
        signals: that were to be scored.

    Returns:
        of each signal a row: of one score, or of those of its windows.

    Raises:
        ForeignMetricError: the metric says that it failed, or the answer holds no scores.
        NotApplicableError: the metric says that it does not apply.
    """
    check_well(answer)
    scores, count = answer.get("scores"), len(signals.samples)
    if not isinstance(scores, list):
        raise ForeignMetricError(f"its answer holds no scores: {shown(answer)}")
    if len(scores) != count:
        raise ForeignMetricError(f"it answered {len(scores)} scores, expected {count}")
    if signals.hop_seconds is None:
        return [[_number(score)] for score in scores]
    return [_windows(row) for row in scores]


def _windows(row: Any) -> list[float]:
    if not isinstance(row, list):
        raise ForeignMetricError(
            f"it answered {shown(row)} for a signal, expected a list: the score of each window"
        )
    return [_number(score) for score in row]


def check_well(answer: Mapping[str, Any]) -> None:
    """Raise for an answer that says that something went wrong; errors as in :func:`scores_of`."""
    if "not_applicable" in answer:
        raise NotApplicableError(one_line(str(answer["not_applicable"])))
    if "error" in answer:
        raise ForeignMetricError(one_line(str(answer["error"])), answer.get("out_of_memory") is True)


def _number(score: Any) -> float:
    if score is None:
        return math.nan
    if isinstance(score, int | float) and not isinstance(score, bool):
        try:
            return float(score)
        except OverflowError:
            pass
    raise ForeignMetricError(f"it answered {shown(score)} as a score, expected a number")
