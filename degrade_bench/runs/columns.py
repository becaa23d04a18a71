"""The columns of the score table, declared once: name, type and meaning.

The fields of :class:`Row` are the columns, in their order. The Arrow schema, the columns that the analysis reads
and the table of ``docs/runs.md`` follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import pyarrow as pa

CLEAN: Final = "clean"
"""The degradation, group and family of a clean row, and its role."""

Role = Literal["clean", "test", "placebo", "control"]
Status = Literal["ok", "not-applicable", "failed"]

INTERRUPTED: Final = "interrupted: "
"""How the ``error`` of a failed row begins whose cause may lie outside it: a worker process died, memory ran out.
Its block counts as not finished: the next start of the same run scores it again."""


@dataclass(frozen=True)
class Column:
    """What is said of a column beside its name and its Python type.

    Attributes:
        meaning: in a sentence or two.
        arrow: its type on disk, where the Python type does not decide it.
        analysed: whether the analysis reads it.
    """

    meaning: str
    arrow: pa.DataType | None = None
    analysed: bool = False


@dataclass(frozen=True)
class Row:
    """One row of the score table: one cell, heard by one metric."""

    clip_id: Annotated[str, Column("which clip", analysed=True)]
    clip_hash: Annotated[str, Column("SHA-256 of the clean clip's samples")]
    clip_group: Annotated[str | None, Column("the manifest's group of the clip (a genre)", analysed=True)]
    track: Annotated[str, Column("the recording that the clip was cut from", analysed=True)]
    group: Annotated[
        str, Column("of the degradation: `signal`, `structural`, `control`; `clean` for a clean row", analysed=True)
    ]
    family: Annotated[str, Column("of the degradation: noise, clipping, order, tempo, …", analysed=True)]
    degradation: Annotated[str, Column("its name; `clean` for a clean row", analysed=True)]
    version: Annotated[str, Column("of the degradation")]
    level: Annotated[int, Column("1 is just noticeable; 0 is the clean clip", pa.int16(), analysed=True)]
    strength: Annotated[float | None, Column("the strength asked for", analysed=True)]
    unit: Annotated[str | None, Column("of both strengths", analysed=True)]
    achieved: Annotated[float | None, Column("the strength that was achieved, where it is known", analysed=True)]
    role: Annotated[Role, Column("what the cell is for: `clean`, `test`, `placebo` or `control`", analysed=True)]
    placebo_of: Annotated[
        str | None,
        Column(
            "for a placebo, its degradation. A placebo with the single level 1, while its degradation has more, "
            "stands beside every level",
            analysed=True,
        ),
    ]
    replicate: Annotated[int, Column("which draw, from 0", pa.int32(), analysed=True)]
    seed: Annotated[int, Column("of the draw", pa.int64())]
    metric: Annotated[str, Column("which metric", analysed=True)]
    fingerprint: Annotated[str, Column("of the metric: everything that would change its scores")]
    score: Annotated[
        float | None,
        Column("what the metric gave; null unless `status` is `ok`. A metric may give infinity", analysed=True),
    ]
    higher_is_better: Annotated[bool, Column("the metric's direction of quality", analysed=True)]
    needs_reference: Annotated[bool, Column("whether the metric was given the clean clip too", analysed=True)]
    status: Annotated[Status, Column("`ok`, `not-applicable` or `failed`", analysed=True)]
    error: Annotated[str | None, Column("the reason where `status` is not `ok`", analysed=True)]
    seconds: Annotated[float, Column("time spent on the row: its share of rendering and scoring")]
    window_scores: Annotated[
        tuple[float, ...] | None,
        Column("the scores whose mean `score` is, in the order of the music, of a metric that scores windows"),
    ]
    nuisance: Annotated[
        bool,
        Column(
            "whether the row counts towards the metric's nuisance floor: it is a control's, and not one that the "
            "metric is meant to hear",
            analysed=True,
        ),
    ]


_ARROW: dict[Any, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    float: pa.float64(),
    tuple[float, ...]: pa.list_(pa.field("element", pa.float64())),
}


def _declared() -> tuple[tuple[pa.Field, Column], ...]:
    """The Arrow field and the declaration of each column, from the annotations of :class:`Row`."""
    declared = []
    for name, hint in get_type_hints(Row, include_extras=True).items():
        annotation, column = get_args(hint)
        options = get_args(annotation) if get_origin(annotation) is UnionType else (annotation,)
        (kind,) = (option for option in options if option is not NoneType)
        if get_origin(kind) is Literal:
            kind = str
        arrow = column.arrow or _ARROW[kind]
        declared.append((pa.field(name, arrow, nullable=NoneType in options), column))
    return tuple(declared)


_DECLARED = _declared()

SCHEMA = pa.schema([field for field, _ in _DECLARED])
"""Of ``scores.parquet``."""

MEANINGS = {field.name: column.meaning for field, column in _DECLARED}
"""What each column means."""

ANALYSED = tuple(field.name for field, column in _DECLARED if column.analysed)
"""The columns that the analysis reads."""

ANALYSED_TEXTS = tuple(name for name in ANALYSED if SCHEMA.field(name).type == pa.string())
"""Those of them that hold text."""

KEY = ("clip_id", "degradation", "level", "replicate", "metric")
"""What makes a row unique."""
