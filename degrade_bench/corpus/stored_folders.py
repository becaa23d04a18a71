"""The audio files of a folder in object storage and of all below it, from one listing; nothing of them is read."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from degrade_bench._support import objects
from degrade_bench._support.addresses import shown
from degrade_bench.clip.audio import SUFFIXES
from degrade_bench.clip.notes.midi import is_midi
from degrade_bench.clip.stems import FOLDER_SUFFIX
from degrade_bench.corpus.folders import Found, is_record
from degrade_bench.errors import StorageError
from degrade_bench.runs.names import RECORD

MOST_RECORD_BYTES = 1 << 28


def kind_at(path: Path) -> str | None:
    """``file`` or ``folder``; None where nothing lies at an address.

    Raises:
        StorageError: the storage does not say: no such bucket, no permission, no connection.
    """
    try:
        found = objects.look(path)
        if found is not None and found.size is not None:
            return "file"
        if found is not None or objects.listed(path):
            return "folder"
        objects.check_bucket(path)
        return None
    except OSError as error:
        raise StorageError(f"--input {shown(path)}: {error}") from error


def holds_stored_run(folder: Path) -> bool:
    """Whether a folder in object storage is the directory of a run.

    Raises:
        StorageError: the storage does not say.
    """
    try:
        return is_record(objects.read(folder / RECORD, MOST_RECORD_BYTES))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"--input {shown(folder)}: {error}") from error


def stored_audio_files(folder: Path, out: Path | None = None) -> list[Found]:
    """Audio files of a folder in object storage and of all below it.

    Passed over are hidden files and folders, the stems of a mix, and run directories.

    Args:
        folder: an address.
        out: a run directory that is not entered.

    Raises:
        StorageError: it cannot be listed.
    """
    try:
        there = objects.listed(folder, deep=True)
    except OSError as error:
        raise StorageError(f"--input {shown(folder)}: {error}") from error
    mixes: dict[Path, set[str]] = defaultdict(set)
    runs = set() if out is None else {out}
    for one in there:
        if _is_audio(one.path):
            mixes[one.path.parent].add(one.path.stem)
        elif one.path.name == RECORD and holds_stored_run(one.path.parent):
            runs.add(one.path.parent)
    files = []
    for one in there:
        above = [Path(*one.path.parts[:depth]) for depth in range(len(folder.parts) + 1, len(one.path.parts) + 1)]
        hidden = any(place.name.startswith(".") for place in above)
        stems = any(
            place.name.endswith(FOLDER_SUFFIX) and place.stem in mixes.get(place.parent, ()) for place in above[:-1]
        )
        if _is_audio(one.path) and not hidden and not stems and not runs & {folder, *above}:
            files.append(Found(one.path, is_link=False, size=one.size))
    return files


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES or is_midi(path)
