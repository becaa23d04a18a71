"""The excerpts that a run keeps for its report to play."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator

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
