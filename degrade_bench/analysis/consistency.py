"""Whether the frames of an analysis that was read back fit together: what the report and the plans rely on.

An ``analysis.json`` may come from anybody. Its columns and their types are checked where it is read
(:mod:`degrade_bench.analysis.frames`); here it is checked that rows are unique, that every frame speaks of the same
metrics and degradations, and that numbers lie where such numbers can.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from degrade_bench.analysis.verdicts import VERDICT_NAMES

KEYS: Mapping[str, tuple[str, ...]] = {
    "metrics": ("metric",),
    "levels": ("metric", "degradation", "level"),
    "verdicts": ("metric", "degradation"),
    "families": ("metric", "group", "family"),
    "selectivity": ("metric",),
    "genres": ("metric", "degradation", "clip_group"),
    "controls": ("metric", "degradation", "level"),
    "placebos": ("metric", "degradation", "level"),
    "people": ("metric", "damage"),
    "human_curves": ("degradation", "level"),
    "achieved": ("degradation", "level", "strength", "unit"),
    "looks": ("look",),
}
"""The columns that make a row of each frame unique."""

PLACE = ("group", "family")
"""Where a degradation stands; one place for each."""

OPTIONAL = ("strength", "unit")
"""Columns of a key that may be empty."""

SHARES = frozenset(
    f"{name}{end}"
    for name in ("noticed", "index", "rho", "monotonicity", "concordance", "aces_tau", "evenness")
    for end in ("", "_low", "_high")
)
"""Shares and correlations: between -1 and 1."""

PROBABILITIES = frozenset(
    (
        *("p_value", "p_flip", "p_blind", "p_net", "p_holm", "p_top", "p_beyond", "page_p", "page_holm"),
        *("p_exceeds", "p_prefers", "p_within", "p_drop_exceeds", "p_share"),
        *("p_sensitive", "p_inverted", "p_artefact", "p_alike", "p_alike_family", "p_real"),
        *("told", "told_low", "told_high"),
        *("share", "alpha", "excerpt_share", "draw_share"),
    )
)

MOST = 2**53
"""The largest count."""

HIGHEST_LEVEL = 1000
"""Of any ladder."""

ROUNDING = 1e-6


def check_frames(frames: Mapping[str, pd.DataFrame]) -> None:
    """Refuse frames that do not fit together.

    Args:
        frames: by name, each with its declared columns and types.

    Raises:
        ValueError: says which frame and column.
    """
    for name, frame in frames.items():
        _check_key(name, frame)
        _check_numbers(name, frame)
    metrics, levels, verdicts = frames["metrics"], frames["levels"], frames["verdicts"]
    for name, frame in frames.items():
        if "metric" in frame:
            _check_known(name, "metric", frame["metric"], set(metrics["metric"]))
    for name in ("levels", "verdicts"):
        _check_known(name, "verdict", frames[name]["verdict"], set(VERDICT_NAMES))
    pairs = [set(zip(frame["metric"], frame["degradation"], strict=True)) for frame in (levels, verdicts)]
    for metric, degradation in sorted(pairs[1] - pairs[0]):
        raise ValueError(f"verdicts: {metric!r} and {degradation!r} have no levels")
    _check_known("genres", "degradation", frames["genres"]["degradation"], set(levels["degradation"]))
    places = pd.concat([frame[["degradation", *PLACE]] for frame in (levels, verdicts)]).drop_duplicates()
    if places["degradation"].duplicated().any():
        twice = places.loc[places["degradation"].duplicated(), "degradation"].iloc[0]
        raise ValueError(f"levels: {twice!r} stands in two groups or families")


def _check_key(name: str, frame: pd.DataFrame) -> None:
    key = [column for column in KEYS[name] if column in frame]
    texts = (column for column in (*key, *PLACE) if column in frame and column not in OPTIONAL)
    for column in texts:
        if frame[column].isna().any():
            raise ValueError(f"{name}: column {column!r} holds None, expected a name")
    if frame.duplicated(key).any():
        row = frame.loc[frame.duplicated(key), key].iloc[0].to_dict()
        raise ValueError(f"{name}: the row of {row} stands in it twice")


def _check_numbers(name: str, frame: pd.DataFrame) -> None:
    for column in frame.select_dtypes("number"):
        values = frame[column].dropna()
        low, high = -float("inf"), float("inf")
        if pd.api.types.is_integer_dtype(frame[column].dtype):
            low, high = 0, HIGHEST_LEVEL if column == "level" else MOST
        elif column in SHARES:
            low, high = -1 - ROUNDING, 1 + ROUNDING
        elif column in PROBABILITIES:
            low, high = 0, 1 + ROUNDING
        wrong = values[(values < low) | (values > high)]
        if len(wrong):
            raise ValueError(f"{name}: column {column!r} holds {wrong.iloc[0]}, expected {low} to {high}")


def _check_known(name: str, column: str, values: pd.Series, known: set[str]) -> None:
    for value in dict.fromkeys(values):
        if value not in known:
            raise ValueError(f"{name}: column {column!r} holds {value!r}, which is not among {_some(known)}")


def _some(names: set[str]) -> str:
    shown = sorted(names)[:6]
    return ", ".join(map(repr, shown)) + (", …" if len(names) > len(shown) else "") if shown else "none"
