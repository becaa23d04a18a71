"""What set metrics say of whole sets: ``set_values.csv``, a line for each metric and each cell.

The score table holds what every clip contributes; here is what that comes to, beside the set's value as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import pyarrow as pa

from degrade_bench._support.contained import check_file
from degrade_bench._support.files import replacing
from degrade_bench.runs.names import SETS


@dataclass(frozen=True)
class SetValue:
    """The value of one set.

    Attributes:
        metric: which set metric.
        degradation: what was done to every clip; ``clean`` for nothing.
        level: how much.
        role: ``clean``, ``test``, ``placebo`` or ``control``.
        replicate: which draw.
        clips: in the set.
        tracks: that they are of.
        vectors: in the set.
        dim: numbers in a vector.
        value: of the whole set, as it is.
        corrected: without the bias that shrinks as one over the number of tracks: the mean of the clips' rows.
        extrapolated: by a line to infinitely many tracks; None with fewer than four.
    """

    metric: str
    degradation: str
    level: int
    role: str
    replicate: int
    clips: int
    tracks: int
    vectors: int
    dim: int
    value: float
    corrected: float
    extrapolated: float | None

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What makes a line unique."""
        return self.metric, self.degradation, self.level, self.replicate


_TYPES = {"str": pa.string(), "int": pa.int64()}
_SCHEMA = pa.schema([pa.field(one.name, _TYPES.get(str(one.type), pa.float64())) for one in fields(SetValue)])


def write_set_values(folder: Path, values: Iterable[SetValue]) -> None:
    """Write them into a run directory, whole or not at all.

    Raises:
        RunFolderError: a full disk or no permission.
    """
    from pyarrow import csv

    table = pa.Table.from_pylist([vars(value) for value in values], schema=_SCHEMA)
    with replacing(folder / SETS) as temporary:
        csv.write_csv(table, str(temporary))


def read_set_values(folder: Path) -> list[SetValue]:
    """Those of a run directory; none where they are missing or not as they were written."""
    from pyarrow import csv

    try:
        check_file(folder, folder / SETS)
        options = csv.ConvertOptions(column_types=_SCHEMA)
        table = csv.read_csv(folder / SETS, convert_options=options).select(_SCHEMA.names)
        return [SetValue(**row) for row in table.to_pylist()]
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return []
