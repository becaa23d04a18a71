"""Manifests: a table of clips, as CSV with a header or as JSON lines.

Columns: ``path`` (from where the manifest lies), and where wanted ``id``, ``group``, ``track``, ``start``,
``duration`` (seconds), ``beat_file`` and ``stems`` (a folder). Anything else is a mistake and is said to be one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from degrade_bench._support.addresses import beside, checked_address, is_stored
from degrade_bench._support.plain_text import plain
from degrade_bench.corpus.excerpts import MOST_SECONDS
from degrade_bench.corpus.files import FileSource, id_of
from degrade_bench.corpus.rows import COLUMNS, rows_of
from degrade_bench.errors import CorpusError, StorageError

MOST_CHARACTERS = 1000
"""Of an id, a group or a track."""


def read_manifest(path: Path) -> list[FileSource]:
    """The clips of a manifest, in its order.

    Raises:
        CorpusError: names the file, the line, what is wrong and what was expected.
    """
    sources: list[FileSource] = []
    lines: dict[str, int] = {}
    for line, values in rows_of(path):
        row = _Row(path, line, {name: value for name, value in values.items() if not _is_blank(value)})
        source = row.source()
        if source.id in lines and "id" in row.values:
            row.refuse(f"id {source.id!r} is taken by line {lines[source.id]}")
        lines.setdefault(source.id, line)
        sources.append(source)
    if not sources:
        raise CorpusError(f"{path}: names no clip; expected the columns {', '.join(COLUMNS)}")
    return sources


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@dataclass(frozen=True)
class _Row:
    """A row of a manifest: values by column, those that are empty left out."""

    manifest: Path
    line: int
    values: Mapping[str, Any]

    def refuse(self, mistake: str) -> NoReturn:
        """Say what is wrong in this row."""
        raise CorpusError(f"{self.manifest}, line {self.line}: {mistake}")

    def source(self) -> FileSource:
        """The clip that the row names."""
        path = self.path("path")
        if path is None:
            self.refuse("no path")
        start = self.seconds("start")
        identifier = self.text("id")
        if identifier is None:
            identifier = id_of(Path(str(self.values["path"]))) + ("" if start is None else f"@{start:g}")
        return FileSource(
            id=identifier,
            path=path,
            start=start,
            duration=self.seconds("duration"),
            group=self.text("group"),
            track=self.text("track"),
            beat_file=self.path("beat_file"),
            stem_folder=self.path("stems"),
        )

    def text(self, name: str) -> str | None:
        """A text or a number, as text; None where the row has none."""
        if name not in self.values:
            return None
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.refuse(f"{name} {_shown(value)} is neither text nor a number")
        text = plain(str(value))
        if len(text) > MOST_CHARACTERS:
            self.refuse(f"{name} {_shown(text)} has {len(text)} characters, expected {MOST_CHARACTERS} at most")
        return text

    def path(self, name: str) -> Path | None:
        """A path from where the manifest lies; None where the row has none."""
        if name not in self.values:
            return None
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.refuse(f"{name} {_shown(value)} is not a path")
        path = beside(self.manifest, str(value))
        if path == Path(str(value)):
            self.check_address(path, name)
        try:
            os.fsencode(path)
            if not is_stored(path):
                os.stat(path)
            elif "\0" in str(path):
                raise ValueError
        except ValueError:  # a null character, or half of a surrogate pair
            self.refuse(f"{name} {_shown(value)} is not a path that a file can have")
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                self.refuse(f"{name} {_shown(value)} is too long for a path")
        return path

    def check_address(self, path: Path, name: str) -> None:
        """Refuse an address that is not as they are to be."""
        try:
            checked_address(path, name)
        except StorageError as error:
            self.refuse(str(error))

    def seconds(self, name: str) -> float | None:
        """A number of seconds; None where the row has none."""
        if name not in self.values:
            return None
        value = self.values[name]
        try:
            seconds = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            seconds = float("nan")
        if not (0 < seconds <= MOST_SECONDS or (name == "start" and seconds == 0)):
            comma = "; expected a decimal point" if isinstance(value, str) and "," in value else ""
            self.refuse(f"{name} {_shown(value)} is not a number of seconds{comma}")
        return seconds


def _shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    if isinstance(value, list | dict):
        return "a list or an object"  # it may be deeper than Python's stack
    text = f"'{plain(value)}'" if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
