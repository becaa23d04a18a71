"""A comparison for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from degrade_bench._support.numbers import NOT_KNOWN, counted, fixed, number, p_value, percent
from degrade_bench._support.plain_text import plain
from degrade_bench.compare.leaderboard import COMMON
from degrade_bench.compare.result import Comparison

MOST_DIFFERENCES = 10
MOST_PAIRS = 15
REDUNDANT = 0.9


def comparison_lines(comparison: Comparison) -> list[str]:
    """Notes, leaderboard, best metric per family, differences that hold, redundant pairs and the cover."""
    parts = [_head(comparison), _board(comparison), _best(comparison)]
    if len(comparison.metrics) > 1:
        parts += [_differences(comparison), _redundancy(comparison)]
    parts.append(_cover(comparison))
    return [plain(line) for part in parts for line in (*part, "")][:-1]


def _head(comparison: Comparison) -> list[str]:
    runs, board = comparison.runs, comparison.leaderboard
    names = ", ".join(runs["run"])
    degradations = board.loc[board["scope"] == "degradation", "degradation"].nunique()
    clips, cells = int(runs["clips_paired"].iloc[0]), int(runs["cells_paired"].iloc[0])
    line = (
        f"{counted(len(comparison.metrics), 'metric')} of {names}: {counted(clips, 'clip')} × "
        f"{counted(degradations, 'degradation')}, {counted(cells, 'paired cell')}"
    )
    return [line, *(f"note: {text}" for text in comparison.notes)]


def _board(comparison: Comparison) -> list[str]:
    board, confidence = comparison.leaderboard, comparison.options.confidence
    overall = board[board["scope"] == "overall"]
    shared = board[board["scope"] == COMMON].set_index("metric")
    groups = board[board["scope"] == "group"]
    names = list(dict.fromkeys(groups["group"]))
    by_group = groups.set_index(["group", "metric"])["miss_rate"]
    partly = bool(overall["missing"].any())
    rows = [["", "metric", "miss rate", f"{percent(confidence)} CI", *names]]
    rows[0] += ["in common", "cells missing"] if partly else []
    for entry in overall.to_dict("records"):
        metric, missing = entry["metric"], entry["missing"]
        rank = NOT_KNOWN if math.isnan(entry["rank"]) else fixed(entry["rank"], 0)
        row = [rank, metric, fixed(entry["miss_rate"])]
        row.append(_interval(1 - entry["noticed_high"], 1 - entry["noticed_low"]))
        row += [fixed(by_group[name, metric]) for name in names]
        if partly:
            row += [fixed(shared.at[metric, "miss_rate"]), f"{missing} of {missing + entry['cells']}"]
        rows.append(row)
    means = "Mean miss rate, 1 − net alarms: 0 where all clips raise alarms and no placebo does; lowest is best."
    weights = "Levels, then degradations, then families, then groups count equally."
    if partly:
        weights += " In common: over the cells that all metrics have."
    return [means, weights, *_table(rows)]


def _best(comparison: Comparison) -> list[str]:
    """Per family, the metric that misses least."""
    families = comparison.leaderboard[comparison.leaderboard["scope"] == "family"]
    rows = []
    for (group, family), entries in families.groupby(["group", "family"], sort=False):
        best = entries[entries["rank"] == 1]
        if best.empty:
            rows.append([family, f"({group})", "not known", ""])
        elif (best["noticed"] > 0).any():
            rows.append([family, f"({group})", ", ".join(best["metric"]), fixed(best["miss_rate"].iloc[0])])
        else:
            rows.append([family, f"({group})", "no net alarms", ""])
    return ["Lowest miss rate per family:", *_table(rows)]


def _differences(comparison: Comparison) -> list[str]:
    confidence = f"{percent(comparison.options.confidence)} CI"
    lines = []
    for scope, title in (("overall", "overall"), ("family", "in a family")):
        tested = comparison.differences[comparison.differences["scope"] == scope]
        held = tested[tested["holds"]]
        head = f"Differences {title} that hold after Holm: {len(held)} of {int(tested['p_value'].notna().sum())}"
        largest = held.reindex(held["difference"].abs().sort_values(ascending=False, kind="stable").index)
        shown = largest.head(MOST_DIFFERENCES)
        more = f" (the largest {MOST_DIFFERENCES})" if len(held) > len(shown) else ""
        lines.append(f"{head}{more}{':' if len(held) else ''}")
        rows = []
        for row in shown.to_dict("records"):
            better, worse = row["metric"], row["other"]
            low, high = row["difference_low"], row["difference_high"]
            if row["difference"] < 0:
                better, worse, low, high = worse, better, -high, -low
            texts = [row["family"]] if scope == "family" else []
            texts.append(f"{better} has {fixed(abs(row['difference']))} more net alarms than {worse}")
            texts += [f"{confidence} {_interval(low, high)}", f"p {p_value(row['p_holm'])}"]
            rows.append(texts)
        lines += _table(rows)
    return lines


def _redundancy(comparison: Comparison) -> list[str]:
    pairs = comparison.redundancy
    close = pairs[pairs["rho"] > REDUNDANT].sort_values("rho", ascending=False, kind="stable")
    if close.empty:
        if pairs["rho"].isna().all():
            return ["No two metrics' drops can be correlated: too few cells, or drops that do not vary."]
        return [f"Redundant pairs: none, no two metrics' drops have a rank correlation beyond {number(REDUNDANT)}."]
    rows = []
    for row in close.head(MOST_PAIRS).to_dict("records"):
        texts = [
            f"{row['metric']}, {row['other']}",
            fixed(row["rho"]),
            _interval(row["rho_low"], row["rho_high"]),
        ]
        rows.append([*texts, f"over {counted(row['cells'], 'cell')}"])
    more = f"; the first {MOST_PAIRS} of {len(close)}" if len(close) > MOST_PAIRS else ""
    return [
        f"Redundant pairs, by rank correlations of their drops beyond {number(REDUNDANT)}{more}:",
        *_table(rows),
    ]


def _cover(comparison: Comparison) -> list[str]:
    """The smallest set, what each of it adds, and what none covers."""
    table = comparison.cover
    families = table[["group", "family"]].drop_duplicates()
    uncovered = comparison.uncovered
    lines = []
    if comparison.chosen:
        covered = len(families) - len(uncovered)
        what = "every family" if not uncovered else f"{covered} of {len(families)} families"
        lines.append(f"Smallest set of metrics that covers {what}: {', '.join(comparison.chosen)}")
        if len(comparison.chosen) > 1:
            adding = table[table["chosen"] & table["covers"]]
            names = adding.groupby("metric", sort=False)["family"].agg(", ".join)
            lines += _table([[name, names[name]] for name in comparison.chosen])
    else:
        lines.append("No metric covers any family (a verdict `sensitive` on half of its degradations).")
    if comparison.chosen and uncovered:
        lines.append("Covered by no metric: " + ", ".join(f"{family} ({group})" for group, family in uncovered))
    return lines


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns, indented."""
    if not rows:
        return []
    rows = [[plain(text) for text in row] for row in rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  " + "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _interval(low: float, high: float) -> str:
    return NOT_KNOWN if pd.isna(low) or pd.isna(high) else f"{fixed(low)} to {fixed(high)}"
