"""Which files of a directory are ours: a list that is written before the files are.

``files.json`` lists what was written into a directory, or was about to be when the process was stopped. Only what
it lists is ever replaced or removed; whatever else lies there, whatever its name, is somebody's and stays. Links
are neither followed nor written through.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from degrade_bench._support.addresses import is_stored, shown
from degrade_bench._support.contained import parse_json, read_bytes
from degrade_bench._support.files import PARTIAL, folder_error, write_text
from degrade_bench._support.reading import kind_of
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.names import (
    AUDIO,
    COMPARISON_FILES,
    EMBEDDINGS,
    FIGURES,
    FILES,
    GATE,
    GATE_TABLE,
    LOCK,
    RUN_FILES,
    SELFTEST_FILES,
    SHARDS,
)

FORMAT = 1
MOST_BYTES = 4 * 2**20
PROGRAM = "degrade-bench"

FOLDERS = (FIGURES, AUDIO, SHARDS, EMBEDDINGS)
"""Directories inside a directory of ours."""

OF_SHARDS = (SHARDS, EMBEDDINGS)
"""Those of them whose files are not listed one by one: they are named as shards are."""

_OURS = (*RUN_FILES, *COMPARISON_FILES, *SELFTEST_FILES, GATE, GATE_TABLE)
_PLAIN = frozenset({*_OURS, *(f"{name}/" for name in OF_SHARDS)})
_INNER = re.compile(rf"{FIGURES}/[\w\-]+\.(png|svg|pdf)|{AUDIO}/[\w\-]+\.(mp3|png)")
_SHARD = re.compile(r"[0-9a-f]{24}\.(arrow|json)")
_PARTIAL = re.compile(rf"{re.escape(PARTIAL)}\d+-[0-9a-f]+(\.\w+)?")


def listed(folder: Path) -> frozenset[str]:
    """The files that ``files.json`` of a directory lists, relative to it; none where it is not there.

    Raises:
        RunFolderError: it is there, and is not ours; says what is wrong.
    """
    path = folder / FILES
    try:
        content = read_bytes(folder, path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    return names_in(content, str(path))


def names_in(listing: bytes, path: str) -> frozenset[str]:
    """The files that a list of ours names.

    Args:
        listing: what ``files.json`` holds.
        path: where it lies, for messages.

    Raises:
        RunFolderError: it is not ours; says what is wrong.
    """
    try:
        content = parse_json(listing)
    except ValueError as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(content, dict) or content.get("program") != PROGRAM or not isinstance(files, list):
        raise RunFolderError(f"{path} is not the list of files that degrade-bench writes")
    if content.get("format") != FORMAT:
        raise RunFolderError(f"{path} is of format {content.get('format')!r}, expected {FORMAT}")
    for name in files:
        if not isinstance(name, str) or not may_be_listed(name):
            raise RunFolderError(f"{path} lists {name!r}, which is no file that degrade-bench writes")
    return frozenset(files)


def begin(folder: Path, names: Iterable[str], option: str = "--out") -> None:
    """Make a directory for us to write into, or see that it is one of ours; files are then to be claimed.

    Args:
        folder: the directory; made if missing.
        names: the files and directories that are going to be written.
        option: how the user named it, for messages.

    Raises:
        RunFolderError: it is a file, cannot be written, holds anything and is not ours, or holds something of these
            names that is not ours; nothing was touched.
    """
    if is_stored(folder):
        raise RunFolderError(f"{option} {shown(folder)}: expected a directory; object storage is for runs")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        entries = sorted(folder.iterdir())
    except (FileExistsError, NotADirectoryError):
        raise RunFolderError(f"{option} {folder} is a file, expected a directory") from None
    except OSError as error:
        raise folder_error(folder, error) from error
    _check_lock(folder, option)
    if not _is_there(folder / FILES):
        refuse_foreign(
            f"{option} {folder}",
            [entry.name for entry in entries if entry.name != LOCK and not _PARTIAL.fullmatch(entry.name)],
        )
    _check_free(folder, names, listed(folder))


def refuse_foreign(place: str, names: Sequence[str]) -> None:
    """Raise where anything lies in a directory without a list of ours.

    Args:
        place: the directory as the user named it.
        names: what lies there.

    Raises:
        RunFolderError: anything does.
    """
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise RunFolderError(
            f"{place} is not empty, and no list of ours ({FILES}) is in it: it holds {names[0]!r}{more}; "
            "choose an empty or a new directory"
        )


def claim(folder: Path, names: Iterable[str]) -> None:
    """Put files on the list of a directory, before they are written; directories among them are made.

    Args:
        folder: the directory.
        names: paths relative to it, such as ``figures/curves.svg``; ``shards/`` for that directory and its shards,
            ``embeddings/`` likewise.

    Raises:
        RunFolderError: one of them is there already and is not ours, or is a link or a directory; or the directory
            cannot be written.
    """
    wanted, before = frozenset(names), listed(folder)
    for name in sorted(wanted):
        if not may_be_listed(name):
            raise RunFolderError(f"cannot write {name!r} into {folder}: expected the name of a file in it")
    _check_free(folder, wanted, before)
    if not wanted <= before:
        _write(folder, before | wanted)
    for place in FOLDERS:
        if any(name.startswith(f"{place}/") for name in wanted):
            try:
                (folder / place).mkdir(exist_ok=True)
            except OSError as error:
                raise folder_error(folder / place, error) from error


def remove(folder: Path, names: Iterable[str]) -> None:
    """Remove those of the files that the list of a directory holds, and their directories where nothing is left.

    Args:
        folder: the directory.
        names: paths relative to it, as :func:`claim` takes them; the others stay, and so does a directory in which
            something of somebody's is.

    Raises:
        RunFolderError: the directory cannot be written.
    """
    before = listed(folder)
    gone = before & frozenset(names)
    try:
        for name in sorted(gone):
            place = Path(name).parent.name
            if place and not _is_directory(folder / place):
                continue
            if name.removesuffix("/") in OF_SHARDS:
                _remove_shards(folder / name)
            elif _is_there(folder / name) and not _is_directory(folder / name):
                (folder / name).unlink(missing_ok=True)
        for place in FOLDERS:
            held, still = (any(name.startswith(f"{place}/") for name in part) for part in (gone, before - gone))
            if (
                held and not still and _is_directory(folder / place)
            ):  # what is still listed may be to be written yet
                with suppress(OSError):  # something of somebody's is in it
                    (folder / place).rmdir()
    except OSError as error:
        raise folder_error(folder, error) from error
    left = before - {name for name in gone if not _is_there(folder / name)}
    if left != before:
        _write(folder, left)


def withdraw(folder: Path, made: bool, locked: bool) -> None:
    """Leave a directory as it was where nothing was written but its list: without that, and without our folders.

    Args:
        folder: the directory.
        made: whether it was not there before; then it goes, too.
        locked: whether its lock was; then that stays.
    """
    with suppress(OSError, RunFolderError):
        names = listed(folder)
        shards = {
            name for name in names if name.removesuffix("/") in OF_SHARDS and not _holds_shards(folder / name)
        }
        if names - shards:
            return
        remove(folder, names)
        if not listed(folder):
            (folder / FILES).unlink(missing_ok=True)
            if not locked:
                (folder / LOCK).unlink(missing_ok=True)
            if made:
                folder.rmdir()


def _holds_shards(shards: Path) -> bool:
    return _is_directory(shards) and any(is_shard(entry) for entry in shards.iterdir())


def remove_leftovers(folder: Path) -> None:
    """Remove unfinished files of a process that was killed while writing into a directory of ours.

    Raises:
        OSError: the directory cannot be written.
    """
    for place in (folder, *(folder / name for name in FOLDERS)):
        if _is_directory(place):
            for entry in place.iterdir():
                if _PARTIAL.fullmatch(entry.name) and stat.S_ISREG(entry.lstat().st_mode):
                    entry.unlink(missing_ok=True)


def shard_folder(name: str) -> str | None:
    """Which of the folders whose files are not listed one by one a file is in; None for any other."""
    place, slash, _ = name.partition("/")
    return place if slash and place in OF_SHARDS else None


def is_shard(path: Path) -> bool:
    """Whether this is a regular file that is named as shards are."""
    return is_shard_name(path.name) and stat.S_ISREG(path.lstat().st_mode)


def is_shard_name(name: str) -> bool:
    """Whether shards are named so."""
    return bool(_SHARD.fullmatch(name))


def _remove_shards(shards: Path) -> None:
    if _is_directory(shards):
        for entry in shards.iterdir():
            if is_shard(entry) or (_PARTIAL.fullmatch(entry.name) and stat.S_ISREG(entry.lstat().st_mode)):
                entry.unlink(missing_ok=True)


def _check_free(folder: Path, names: Iterable[str], ours: frozenset[str]) -> None:
    """Raise where something that is not ours stands where we are going to write."""
    for name in sorted(names):
        place = name.partition("/")[0] if "/" in name else name if name in FOLDERS else ""
        if place and _is_there(folder / place) and not _is_directory(folder / place):
            what = kind_of((folder / place).lstat().st_mode)
            raise RunFolderError(f"{folder / place} is {what}, expected a directory; move it away")
        if not name or name == place:
            continue
        target = folder / name
        if not _is_there(target):
            continue
        if name not in ours:
            raise RunFolderError(
                f"{target} is there already, and {FILES} does not list it as ours: move it away, or choose another "
                "directory"
            )
        mode = target.lstat().st_mode
        if not name.endswith("/") and not stat.S_ISREG(mode):
            raise RunFolderError(f"{target} is {kind_of(mode)}, expected a file; move it away")


def _check_lock(folder: Path, option: str) -> None:
    """Raise unless ``.lock`` is missing or an empty file: locking would cut off whatever it holds."""
    lock = folder / LOCK
    if not _is_there(lock):
        return
    there = lock.lstat()
    if not stat.S_ISREG(there.st_mode):
        raise RunFolderError(f"{lock} is {kind_of(there.st_mode)}, expected an empty file; move it away")
    if there.st_size:
        raise RunFolderError(f"{option} {folder} holds a {LOCK} that is not ours; choose another directory")


def may_be_listed(name: str) -> bool:
    """Whether this is the name of a file that the program writes into a directory."""
    return name in _PLAIN or bool(_INNER.fullmatch(name))


def _write(folder: Path, names: frozenset[str]) -> None:
    write_text(folder / FILES, list_of(names))


def list_of(names: Iterable[str], **more: str) -> str:
    """What ``files.json`` holds.

    Args:
        names: of the files.
        more: to be said beside them; readers pass it over.
    """
    content = {"format": FORMAT, "program": PROGRAM, **more, "files": sorted(names)}
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _is_directory(path: Path) -> bool:
    """Whether it is a directory itself, not a link to one."""
    return path.is_dir() and not path.is_symlink()
