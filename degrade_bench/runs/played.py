"""The excerpts that a run keeps for its report to play, and the pictures of them."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from degrade_bench.runs.part import Part


def _inside(path: str) -> str:
    """A path that stays inside the run directory by what it says; links are looked at where the file is read."""
    posix, windows = PurePosixPath(path), PureWindowsPath(path)
    if not path or len(path) > 1000 or "\0" in path or posix.is_absolute() or windows.anchor:
        raise ValueError("expected a path inside the run directory")
    if ".." in posix.parts or ".." in windows.parts:
        raise ValueError("the path leads out of the run directory")
    return path


InsidePath = Annotated[str, AfterValidator(_inside)]
Which = Literal["largest", "smallest"]
Share = Annotated[float, Field(ge=0, le=1)]


class Example(Part):
    """An excerpt that the report plays.

    Attributes:
        file: its path inside the run directory.
        level: 0 for the clean clip.
        placebo_of: of a placebo, the degradation whose placebo it is.
        kbps: the bit rate of its MP3, in kbit/s; None in folders of earlier versions.
    """

    file: InsidePath
    clip_id: str
    degradation: str
    level: int
    strength: float | None
    unit: str | None
    summary: str
    placebo_of: str | None = None
    kbps: int | None = None


class Panel(Part):
    """A version of the clip in a picture.

    Attributes:
        degradation: the picture's, its placebo, or ``clean``.
        level: 0 for the clean clip.
        begins, ends: where in the picture the excerpt that is played begins and ends, from 0 to 1.
    """

    degradation: str
    level: int
    strength: float | None
    unit: str | None
    begins: Share
    ends: Share


class Picture(Part):
    """What a degradation does to a clip: panels side by side, the clean clip first, the placebo last.

    Attributes:
        file: its path inside the run directory.
        caption: what the panels show.
    """

    file: InsidePath
    clip_id: str
    degradation: str
    summary: str
    caption: str
    panels: tuple[Panel, ...]


class StandsOut(Part):
    """A recording that stands out: its drop under a damage is the largest or the smallest of all recordings.

    Attributes:
        metric: whose score falls.
        drop: of this clip, in the metric's unit.
        median: of the drops of all clips.
        clean_file, file: its clean and its damaged excerpt, inside the run directory.
        kbps: their bit rate, in kbit/s.
    """

    metric: str
    which: Which
    clip_id: str
    degradation: str
    level: int
    strength: float | None
    unit: str | None
    drop: float
    median: float
    clean_file: InsidePath
    file: InsidePath
    kbps: int
