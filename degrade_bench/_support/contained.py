"""Reading files of a directory that may come from anybody: inside it, regular, of bounded size, and plain JSON.

A link may point at a file outside, a FIFO never ends, a device gives as many bytes as one asks for, and JSON can be
nested deeper than the interpreter's stack. All of these are refused in a line that names the file.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from degrade_bench._support.reading import ReadingError, kind_of, read_bytes_file
from degrade_bench.errors import RunFolderError

RECORD_BYTES = 128 * 2**20
"""The most that ``run.json`` or ``analysis.json`` may hold; a run of a hundred thousand clips has less."""

DEEPEST = 64
"""Lists and mappings within one another, at most."""


def check_inside(folder: Path, path: Path) -> None:
    """Refuse a path that leaves a directory, by ``..``, absolutely or over a link.

    Raises:
        RunFolderError: it does.
    """
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null character
        raise RunFolderError(f"{str(path)!r} cannot be read: {error}") from error
    if not inside:
        raise RunFolderError(f"{path} leads out of {folder}: nothing outside a run directory is read or written")


def check_file(folder: Path, path: Path, most: int | None = None) -> None:
    """Refuse what is no regular file within a directory, or is larger than it may be.

    Args:
        folder: the directory.
        path: the file, with the directory before it.
        most: bytes that it may hold; None for any number.

    Raises:
        FileNotFoundError: nothing is there.
        OSError: the system does not say what is there.
        RunFolderError: it leaves the directory, is a pipe, a device or a directory, or is too large.
    """
    check_inside(folder, path)
    there = os.stat(path)
    if not stat.S_ISREG(there.st_mode):
        raise RunFolderError(f"{path} is {kind_of(there.st_mode)}, expected a file")
    if most is not None and there.st_size > most:
        raise RunFolderError(f"{path} is too large: {there.st_size} bytes, expected at most {most}")


def read_bytes(folder: Path, path: Path, most: int = RECORD_BYTES) -> bytes:
    """The bytes of a regular file within a directory.

    Args:
        folder: the directory.
        path: the file, with the directory before it.
        most: bytes that it may hold.

    Raises:
        FileNotFoundError: nothing is there.
        OSError: it cannot be read.
        RunFolderError: as :func:`check_file`.
    """
    check_file(folder, path, most)
    try:
        return read_bytes_file(path, most)
    except ReadingError as error:  # it has changed since it was looked at
        raise RunFolderError(f"{path} {error}") from error


def parse_json(content: bytes) -> Any:
    """Plain JSON: no NaN or infinity, no number beyond 64 bits, no half of a surrogate pair, nothing very deep.

    Raises:
        ValueError: it is something else; says what, in one line.
    """
    try:
        parsed = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant, parse_int=_whole)
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels") from error
    _check_values(parsed)
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is no number of JSON")


def _whole(digits: str) -> int:
    """A whole number; Python itself refuses one of thousands of digits, in words of its own."""
    if len(digits) > len(str(-(2**63))):
        raise ValueError(f"it holds a whole number of {len(digits)} digits, beyond 64 bits")
    return int(digits)


def _check_values(parsed: Any) -> None:
    """Look at every value, without recursion."""
    waiting: list[tuple[Any, int, str]] = [(parsed, 0, "")]
    while waiting:
        value, depth, place = waiting.pop()
        if isinstance(value, Mapping | list):
            if depth >= DEEPEST:
                raise ValueError(f"it is nested deeper than {DEEPEST} levels")
            inner = value.items() if isinstance(value, Mapping) else enumerate(value)
            for key, one in inner:
                if isinstance(key, str) and not key.isascii():
                    _check_text(key, place)
                if _is_open(one):
                    waiting.append((one, depth + 1, (f"{place}.{key}" if place else str(key))[:200]))
        elif isinstance(value, str):
            _check_text(value, place)
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{place}: a number beyond what a double holds")
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ValueError(f"{place}: a whole number beyond 64 bits")


def _is_open(value: Any) -> bool:
    """Whether a value has to be looked at; most are texts without accents, or ordinary numbers."""
    if isinstance(value, str):
        return not value.isascii()
    if isinstance(value, float):
        return not math.isfinite(value)
    return value is not None


def _check_text(text: str, place: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"{place.encode('utf-8', 'replace').decode()}: half of a surrogate pair") from error
