"""The audio files of a folder and of all folders below it, each folder once, however links lead to it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from degrade_bench._support.plain_text import plain
from degrade_bench._support.reading import check_regular, read_bytes_file
from degrade_bench.clip.audio import SUFFIXES
from degrade_bench.clip.notes.midi import is_midi
from degrade_bench.clip.stems import FOLDER_SUFFIX
from degrade_bench.runs.names import RECORD

MOST_RECORD_BYTES = 1 << 28


@dataclass(frozen=True)
class Found:
    """An audio file that a folder holds.

    Attributes:
        path: the file.
        is_link: whether it was reached through a link.
        size: in bytes.
    """

    path: Path
    is_link: bool
    size: int | None


def audio_files(folder: Path, out: Path | None = None) -> tuple[list[Found], list[tuple[str, str]]]:
    """Audio files of a folder and of all below it; and what is left out of it, by name, with the reason.

    Passed over without a word are hidden files and folders, the stems of a mix, and run directories, whose
    excerpts are no music to be tested with. Links to folders are followed last, and no folder is entered twice.

    Args:
        folder: where to begin.
        out: a run directory that is not entered, even if no run has left a record in it.
    """
    walk = _Walk(folder, out)
    walk.enter(folder, is_link=False)
    while walk.links:
        walk.enter(walk.links.pop(0), is_link=True)
    return walk.files, walk.skipped


class _Walk:
    """One search through a folder."""

    def __init__(self, folder: Path, out: Path | None) -> None:
        self.files: list[Found] = []
        self.skipped: list[tuple[str, str]] = []
        self.links: list[Path] = []
        self._folder = folder
        self._out = None if out is None else _inode(out)
        self._entered: set[tuple[int, int]] = set()

    def enter(self, folder: Path, is_link: bool) -> None:
        """Look at all that is in a folder and in the folders below it; links to folders are put aside."""
        waiting = [folder]
        while waiting:
            place = waiting.pop(0)
            inode = _inode(place)
            if inode is not None and inode in self._entered:
                self._skip(place, "a link to a folder that is searched already")
                continue
            if inode is not None and inode == self._out:
                continue
            try:
                with os.scandir(place) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self._skip(place, f"cannot be listed: {error.strerror}")
                continue
            if inode is not None:
                self._entered.add(inode)
            if holds_run(place):
                continue
            waiting += self._look_at(entries, is_link)

    def _look_at(self, entries: list[os.DirEntry[str]], is_link: bool) -> Iterator[Path]:
        """Take the files of a folder, and give the folders in it."""
        mixes = {Path(entry.name).stem for entry in entries if _is_audio_name(entry.name)}
        stems = {mix + FOLDER_SUFFIX for mix in mixes}
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = Path(entry.path)
            if _is_folder(entry):
                if entry.name in stems:
                    continue
                if entry.is_symlink():
                    self.links.append(path)
                else:
                    yield path
            elif _is_audio_name(entry.name):
                self._take(path, is_link or entry.is_symlink())

    def _take(self, path: Path, is_link: bool) -> None:
        try:
            size = check_regular(path)
        except FileNotFoundError:
            self._skip(path.with_suffix(""), "a link that leads nowhere")
        except OSError as error:
            self._skip(path.with_suffix(""), f"{error.strerror}")
        else:
            self.files.append(Found(path, is_link, size))

    def _skip(self, path: Path, reason: str) -> None:
        self.skipped.append((plain(path.relative_to(self._folder).as_posix()), plain(reason)))


def holds_run(folder: Path) -> bool:
    """Whether a folder is the directory of a run: it holds the record of one."""
    record = folder / RECORD
    if not os.path.isfile(record):
        return False
    try:
        return is_record(read_bytes_file(record, MOST_RECORD_BYTES))
    except OSError:
        return False


def is_record(content: bytes) -> bool:
    """Whether these are the bytes of a run's record."""
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(stored, dict) and {"format", "identity", "package_version"} <= set(stored)


def _is_audio_name(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES or is_midi(Path(name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _inode(folder: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None
