"""How ``degrade-bench power`` shows its plans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from degrade_bench._support.numbers import number, percent
from degrade_bench._support.terminal import print_table, shown, table_of
from degrade_bench.conclude import Plan


def plan_records(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Plans for ``--json``: NaN is null."""
    return [
        {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        for row in map(asdict, plans)
    ]


def print_plan(plans: Sequence[Plan], power: float) -> None:
    """A table with a row per plan, and what its columns mean."""
    named = any(plan.metric for plan in plans)
    counted = any(plan.tracks is not None for plan in plans)
    columns = [*(("metric", "degradation") if named else ()), *(("n", "detects") if counted else ())]
    heads = (*columns, "SD", "margin", "drop", "to detect", "to exclude")
    table = table_of(*(head if head in ("metric", "degradation") else f"{head}>" for head in heads))
    for plan in plans:
        names = [shown(plan.metric), shown(plan.degradation)] if named else []
        row: list[str] = []
        if counted:
            row += [str(plan.tracks), number(plan.smallest_detectable)]
        row += [number(plan.spread) if plan.spread else "no spread", number(plan.margin), number(plan.drop)]
        table.add_row(*names, *row, _clips(plan.clips_to_detect), _clips(plan.clips_to_exclude))
    print_table(table)
    lines = [
        f"With a chance of {percent(power)}. SD: of the drop between recordings. margin: what counts as no drop.",
        "to detect: recordings that call a true drop of that size sensitive, placebo and Holm included.",
        "to exclude: recordings that show, where there is no drop, that it lies within the margin (blind).",
    ]
    if counted:
        lines.insert(1, "detects: the smallest drop that n recordings call sensitive.")
    for line in lines:
        print(line)


def _clips(count: int | None) -> str:
    return "none" if count is None else number(count)
