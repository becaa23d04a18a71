"""What several tables of the report need: rows of one metric, names in the run's order, the head of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

Rows = list[dict[str, Any]]


def of_metric(rows: Rows, metric: str) -> Rows:
    """The rows of one metric."""
    return [row for row in rows if row["metric"] == metric]


def in_order(order: Sequence[str], names: pd.Series) -> list[str]:
    """Those of the names that are there, in the order given.

    >>> in_order(["si-sdr", "log-mel", "loudness"], pd.Series(["loudness", "si-sdr", "loudness"]))
    ['si-sdr', 'loudness']
    """
    present = set(names)
    return [name for name in order if name in present]


def largest_counts(frame: pd.DataFrame, by: str, count: str) -> dict[str, int | None]:
    """The largest count in the rows of each name, for the heads of columns; None where no row has a count.

    Args:
        frame: rows of a table, in any order.
        by: the column of names; the names of the result stand in the order of their first rows.
        count: the column of counts.

    >>> frame = pd.DataFrame({"damage": ["noise", "noise", "clipping"], "cells": [4, 5, None]})
    >>> largest_counts(frame, "damage", "cells")
    {'noise': 5, 'clipping': None}
    """
    largest = frame.groupby(frame[by].astype(str), sort=False)[count].max()
    return {str(name): None if pd.isna(value) else int(value) for name, value in largest.items()}
