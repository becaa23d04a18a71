"""The rows of a manifest's file, with the lines where they begin: CSV with a header, or JSON lines.

CSV is separated by commas, semicolons or tabs, whichever the header is; quoted fields may hold any of these and
line breaks. JSON lines end at a line feed and nowhere else.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from degrade_bench._support.reading import MOST_TEXT_BYTES, read_bytes_file, size_text
from degrade_bench.errors import CorpusError, UnknownNameError

COLUMNS = ("path", "id", "group", "track", "start", "duration", "beat_file", "stems")
SEPARATORS = ",;\t"

Rows = Iterator[tuple[int, Mapping[str, Any]]]


def rows_of(path: Path) -> Rows:
    """The rows of a manifest, with the number of the line where each begins.

    Raises:
        CorpusError: names the file, the line, what is wrong and what was expected.
    """
    text = _text(path)
    return _csv_rows(text, path) if path.suffix.lower() == ".csv" else _json_rows(text, path)


def _text(path: Path) -> str:
    """What the file holds, as UTF-8."""
    try:
        content = read_bytes_file(path, MOST_TEXT_BYTES)
    except PermissionError:
        raise CorpusError(f"{path}: no permission to read it") from None
    except OSError as error:
        hint = f"; split a manifest of more than {size_text(MOST_TEXT_BYTES)}" if "at most" in str(error) else ""
        raise CorpusError(f"{path}: {error.strerror or error}{hint}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        likely = "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "another encoding"
        raise CorpusError(
            f"{path}, line {line}: cannot be read as UTF-8 text (byte {content[error.start]:#04x}): it is "
            f"in {likely}; save it as UTF-8"
        ) from error


def _csv_rows(text: str, path: Path) -> Rows:
    lines = io.StringIO(text, newline="")  # splits where CSV does, and keeps line breaks in quotes
    header, separator, ended = _header(lines, path)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        line = ended + reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            where = f"{path}, line {ended + reader.line_num}"
            if "field limit" in str(error):
                begun = "" if ended + reader.line_num == line else f" that begins in line {line}"
                raise CorpusError(
                    f"{where}: a field of more than {csv.field_size_limit()} characters{begun}; is a quote missing?"
                ) from error
            raise CorpusError(f"{where}: not CSV: {error}") from error
        if fields is None:
            return
        if not any(field.strip() for field in fields):
            continue
        if len(fields) > len(header):
            raise CorpusError(f"{path}, line {line}: more fields than the header has columns")
        yield line, dict(zip(header, fields, strict=False))


def _header(lines: io.StringIO, path: Path) -> tuple[Sequence[str], str, int]:
    """The columns, what separates them, and the number of the line where they stand."""
    number, line = next(((number, line) for number, line in enumerate(lines, start=1) if line.strip()), (1, ""))
    try:
        split = {separator: _split(line, separator) for separator in SEPARATORS}
    except csv.Error as error:
        raise CorpusError(f"{path}, line {number}: not CSV: {error}") from error
    separator = max(SEPARATORS, key=lambda one: len(split[one]))
    names = split[separator]
    if names == [""]:
        names = []
    _check_columns(names, path, number)
    if "path" not in names:
        raise CorpusError(f"{path}, line {number}: no column 'path'; expected a header such as path,id,group")
    return names, separator, number


def _split(line: str, separator: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def _json_rows(text: str, path: Path) -> Rows:
    for line, record in enumerate(text.split("\n"), start=1):
        if not record.strip():
            continue
        try:
            row = json.loads(record, object_pairs_hook=_pairs)
        except RecursionError as error:
            raise CorpusError(
                f"{path}, line {line}: nested too deeply; expected an object of plain values"
            ) from error
        except ValueError as error:
            raise CorpusError(f"{path}, line {line}: not JSON: {error}") from error
        if not isinstance(row, _Pairs):
            raise CorpusError(f"{path}, line {line}: expected an object, got {record.strip()[:40]}")
        _check_columns([name for name, _ in row], path, line)
        yield line, dict(row)


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, with those that are given twice."""


def _pairs(members: list[tuple[str, Any]]) -> _Pairs:
    return _Pairs(members)


def _check_columns(names: Sequence[str], path: Path, line: int) -> None:
    for place, name in enumerate(names):
        if name not in COLUMNS:
            raise CorpusError(f"{path}, line {line}: {UnknownNameError('column', name[:40], COLUMNS)}")
        if name in names[:place]:
            raise CorpusError(f"{path}, line {line}: column {name!r} is there twice")
