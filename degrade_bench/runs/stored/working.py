"""Working in a run directory that lies in object storage: in a local one, which is sent there as it grows.

The local directory is in the user's cache, or where ``DEGRADE_BENCH_WORK_DIR`` says, and is named by the address.
It is gone when everything was sent. Otherwise it stays, and the next start goes on from it, unless something else
has written into the storage since then: what lies there counts, and is fetched again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from degrade_bench._support import object_server
from degrade_bench._support.addresses import checked_address, is_stored, key_of, shown
from degrade_bench._support.files import file_word, write_text
from degrade_bench.errors import RunFolderError, StorageError
from degrade_bench.runs import ownership
from degrade_bench.runs.names import FILES
from degrade_bench.runs.stored.contents import Contents, as_addresses, contents_of, copied, foreign_shards
from degrade_bench.runs.stored.lease import Lease
from degrade_bench.runs.stored.mirror import Mirror

WORK_VARIABLE = "DEGRADE_BENCH_WORK_DIR"
STATE = "state.json"
SET_IT = f"set {WORK_VARIABLE} to a directory that can be written"


@contextmanager
def working(
    folder: Path, warned: Callable[[str], None] = lambda text: None, option: str = "--out"
) -> Iterator[Path]:
    """A directory to work in for a run directory: itself, or a local one where it lies in object storage.

    What lies in the storage is fetched first; what is written is sent while the work goes on, and at the end.

    Args:
        folder: a path or an address.
        warned: told when the storage is away, and when it is back.
        option: how the user named it, for messages.

    Raises:
        StorageError: the storage cannot be used, or at the end not everything could be sent; says where it lies.
        RunFolderError: in use by another run, or not empty and not ours; nothing in it was touched.
    """
    if not is_stored(checked_address(folder, option)):
        yield folder
        return
    seconds = object_server.patience()
    home = _home(folder)
    place = home / "run"
    with (
        object_server.settled(),
        as_addresses(folder, place, option),
        Lease(folder, option, warned) as lease,
    ):
        there = contents_of(folder, option)
        with _about_the_place():
            state, alike = _prepare(folder, home, there, warned)
        begun = partial(_tell, home, {**state, "began_empty": False})
        mirror = Mirror(folder, place, there, alike, state["writer"], lease, begun, warned)
        mirror.start()
        try:
            yield place
        except BaseException:
            try:
                mirror.close(0.0)
            except StorageError as error:
                warned(f"{error}; what was not sent lies in {place}, and the same command goes on from it")
            else:
                _remove(home)
            raise
        try:
            mirror.close(seconds)
        except StorageError as error:
            sends = "" if lease.is_lost else ": the same command, given again on this machine, sends it"
            raise StorageError(f"{error}; all of the run lies in {place}{sends}") from error
        _remove(home)


def _home(folder: Path) -> Path:
    """The local place for an address."""
    chosen, cache = os.environ.get(WORK_VARIABLE), os.environ.get("XDG_CACHE_HOME")
    try:
        work = Path(chosen) if chosen else (Path(cache) if cache else Path.home() / ".cache") / "degrade-bench"
    except RuntimeError as error:
        raise StorageError(f"there is no home directory to work in: {SET_IT}") from error
    address = f"{object_server.endpoint()} {key_of(folder)}"
    return work.absolute() / f"{file_word(folder.name)}-{hashlib.sha256(address.encode()).hexdigest()[:16]}"


def _prepare(
    folder: Path, home: Path, there: Contents, warned: Callable[[str], None]
) -> tuple[dict[str, Any], list[str]]:
    """Make the local directory what the storage holds, or leave it where it is that and more.

    Args:
        folder: the address.
        home: the local place.
        there: what lies at the address.
        warned: told where something that was not sent is given up.

    Returns:
        what is remembered of the local place; and the files that are the same here and there.

    Raises:
        OSError: the storage cannot be read.
        RunFolderError: the local place cannot be written.
    """
    state, place = _state(home), home / "run"
    started_empty = not there.listing and state.get("began_empty") is True
    whole = (place / FILES).is_file() or not there.listing  # else somebody has cleared the cache
    if state and whole and (there.writer == state.get("writer") or started_empty):
        _forget_foreign(place, state)
        writer = str(state["writer"])
        expected = ownership.listed(place)
        missing = [name for name in there.sizes if name in expected and not (place / name).is_file()]
        _copy_all(folder, missing, place)
        shards = [name for name in there.sizes if ownership.shard_folder(name) and (place / name).is_file()]
        alike = missing + shards
    else:
        writer, alike = secrets.token_hex(8), list(there.sizes)
        if state and whole:
            warned(f"{shown(folder)} was written to from elsewhere; what lay in {place} is given up for it")
        _remove(home)
        place.mkdir(parents=True)
        _copy_all(folder, [*there.sizes, *([FILES] if there.listing else [])], place)
    told = {
        "address": shown(folder),
        "writer": writer,
        "began_empty": not there.listing,
        "foreign": sorted(there.foreign),
    }
    _tell(home, told)
    for name in there.foreign:  # so that nothing is written where these lie
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()
    return told, alike


def _copy_all(folder: Path, names: Sequence[str], place: Path) -> None:
    """Copy objects, all of which must be there.

    Args:
        folder: the address of a directory.
        names: relative to it.
        place: the local directory.
    """
    gone = copied(folder, names, place)
    if gone:
        raise StorageError(f"{shown(folder / gone[0])} was removed meanwhile")


@contextmanager
def _about_the_place() -> Iterator[None]:
    """Let errors say what to do about a local place that cannot be written."""
    try:
        yield
    except object_server.ObjectError:
        raise
    except OSError as error:
        raise RunFolderError(f"cannot write {error.filename}: {error.strerror or error}; {SET_IT}") from error
    except RunFolderError as error:
        raise RunFolderError(str(error).replace("choose another --out", SET_IT)) from error


def _tell(home: Path, state: dict[str, Any]) -> None:
    """Remember something of a local place."""
    write_text(home / STATE, json.dumps(state))


def _state(home: Path) -> dict[str, Any]:
    """What was written of a local place once it was whole; nothing where it is not."""
    try:
        state = json.loads((home / STATE).read_bytes())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) and isinstance(state.get("writer"), str) else {}


def _forget_foreign(place: Path, state: dict[str, Any]) -> None:
    """Remove the empty files that stood for what was not ours the last time."""
    stands_for = {foreign_shards(folder): folder for folder in ownership.OF_SHARDS}
    names = [name for name in state.get("foreign", ()) if ownership.may_be_listed(name) or name in stands_for]
    with contextlib.suppress(OSError):
        for name in names:
            if _is_empty(place / name):
                (place / name).unlink()
        for name in stands_for.keys() & set(names):
            (place / stands_for[name]).rmdir()


def _is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


def _remove(home: Path) -> None:
    """Remove a local place; what is left of it where that is stopped is no longer taken for a whole one."""
    with contextlib.suppress(OSError):
        (home / STATE).unlink()
    shutil.rmtree(home, ignore_errors=True)
