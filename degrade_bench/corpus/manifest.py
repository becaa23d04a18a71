"""Manifests: a table of clips, as CSV with a header or as JSON lines.

Columns: ``path`` (from where the manifest lies), and where wanted ``id``, ``group``, ``track``, ``start``,
``duration`` (seconds), ``beat_file`` and ``stems`` (a folder). Anything else is a mistake and is said to be one.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from degrade_bench.corpus.files import FileSource
from degrade_bench.errors import CorpusError, UnknownNameError

COLUMNS = ("path", "id", "group", "track", "start", "duration", "beat_file", "stems")


def read_manifest(path: Path) -> list[FileSource]:
    """The clips of a manifest, in its order.

    Raises:
        CorpusError: names the file, the line, what is wrong and what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except PermissionError:
        raise CorpusError(f"{path}: no permission to read it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    rows = _csv_rows(text, path) if path.suffix.lower() == ".csv" else _json_rows(text, path)
    sources: list[FileSource] = []
    lines: dict[str, int] = {}
    for line, row in rows:
        source = _source(row, path, line)
        if source.id in lines and row.get("id"):
            raise CorpusError(f"{path}, line {line}: id {source.id!r} is taken by line {lines[source.id]}")
        lines.setdefault(source.id, line)
        sources.append(source)
    if not sources:
        raise CorpusError(f"{path}: names no clip; expected the columns {', '.join(COLUMNS)}")
    return sources


def _csv_rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    _check_columns(reader.fieldnames or (), path, 1)
    if "path" not in (reader.fieldnames or ()):
        raise CorpusError(f"{path}, line 1: no column 'path'; expected a header such as path,id,group")
    for row in reader:
        if None in row:
            raise CorpusError(f"{path}, line {reader.line_num}: more fields than the header has columns")
        yield reader.line_num, row


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, record in enumerate(text.splitlines(), start=1):
        if not record.strip():
            continue
        try:
            row = json.loads(record)
        except ValueError as error:
            raise CorpusError(f"{path}, line {line}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise CorpusError(f"{path}, line {line}: expected an object, got {record.strip()[:40]}")
        _check_columns(row, path, line)
        yield line, row


def _check_columns(names: Any, path: Path, line: int) -> None:
    for name in names:
        if name not in COLUMNS:
            raise CorpusError(f"{path}, line {line}: {UnknownNameError('column', str(name), COLUMNS)}")


def _source(row: Mapping[str, Any], manifest: Path, line: int) -> FileSource:
    given = {name: value for name, value in row.items() if value not in (None, "")}
    if "path" not in given:
        raise CorpusError(f"{manifest}, line {line}: no path")
    path = manifest.parent / str(given["path"])
    beat_file = manifest.parent / str(given["beat_file"]) if "beat_file" in given else None
    start = _seconds(given, "start", manifest, line)
    identifier = str(given.get("id") or Path(str(given["path"])).with_suffix("").as_posix())
    if "id" not in given and start is not None:
        identifier += f"@{start:g}"
    return FileSource(
        id=identifier,
        path=path,
        start=start,
        duration=_seconds(given, "duration", manifest, line),
        group=str(given["group"]) if "group" in given else None,
        track=str(given["track"]) if "track" in given else None,
        beat_file=beat_file,
        stem_folder=manifest.parent / str(given["stems"]) if "stems" in given else None,
    )


def _seconds(row: Mapping[str, Any], name: str, manifest: Path, line: int) -> float | None:
    if name not in row:
        return None
    try:
        seconds = float(row[name])
    except (TypeError, ValueError):
        seconds = math.nan
    if not (math.isfinite(seconds) and (seconds > 0 or (name == "start" and seconds == 0))):
        raise CorpusError(f"{manifest}, line {line}: {name} {row[name]!r} is not a number of seconds")
    return seconds
