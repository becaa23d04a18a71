"""What lies in a run directory in object storage: which of it is ours, and copying it to a local directory."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from degrade_bench._support import object_server, objects
from degrade_bench._support.addresses import shown
from degrade_bench._support.contained import parse_json
from degrade_bench._support.files import PARTIAL, folder_error
from degrade_bench.errors import RunFolderError, StorageError
from degrade_bench.runs import ownership
from degrade_bench.runs.names import FILES, LOCK
from degrade_bench.runs.stored.lease import is_lease

ABOUT_THE_DISK = ("the disk is full", "no permission", "cannot write")
"""How messages begin that are about the local copy."""
MOST_AT_ONCE = 8
"""How many objects are copied at a time."""


def foreign_shards(place: str) -> str:
    """What stands for all that is in a folder of shards which is not ours."""
    return f"{place}/of-somebody"


@dataclass(frozen=True)
class Contents:
    """What lies in a run directory in object storage.

    Attributes:
        listing: its ``files.json``; empty where there is none.
        listed: the files that it lists.
        writer: the working folder that wrote the list last; None where it came there otherwise.
        sizes: of the files that are ours, by name, in bytes.
        foreign: names of what is not ours, and stands where we might write; one for all of a foreign ``shards``.
    """

    listing: bytes
    listed: frozenset[str]
    writer: str | None
    sizes: dict[str, int]
    foreign: frozenset[str]


def contents_of(folder: Path, option: str) -> Contents:
    """Look at a run directory in object storage.

    Args:
        folder: its address.
        option: how the user named it, for messages.

    Raises:
        OSError: it cannot be looked at.
        RunFolderError: it holds anything and is not ours.
    """
    top = objects.listed(folder)
    try:
        listing = objects.read(folder / FILES, ownership.MOST_BYTES)
    except FileNotFoundError:
        _refuse_foreign(folder, option, top)
        return Contents(b"", frozenset(), None, {}, frozenset())
    listed = ownership.names_in(listing, shown(folder / FILES))
    there = {one.path.name: one.size for one in top if one.size is not None}
    for place in ownership.FOLDERS:
        inside = objects.listed(folder / place)
        there.update({f"{place}/{one.path.name}": one.size for one in inside if one.size is not None})
    ours = {name: size for name, size in there.items() if is_ours(name, listed)}
    foreign = {name for name in there.keys() - ours.keys() if ownership.may_be_listed(name)}
    for place in ownership.OF_SHARDS:
        if f"{place}/" not in listed and any(name.startswith(f"{place}/") for name in there):
            foreign.add(foreign_shards(place))
    writer = parse_json(listing).get("writer")
    return Contents(listing, listed, writer if isinstance(writer, str) else None, ours, frozenset(foreign))


def _refuse_foreign(folder: Path, option: str, top: Iterable[objects.Found]) -> None:
    """Raise where anything lies here but locks, and folders with nothing in them, which storage keeps by habit.

    Args:
        folder: the address.
        option: how the user named it.
        top: what lies there.
    """
    place = f"{option} {shown(folder)}"
    others = [one for one in top if one.path.name != LOCK and not is_lease(one.path.name)]
    ownership.refuse_foreign(place, [one.path.name for one in others if one.size is not None])
    for one in others:
        if objects.listed(one.path):
            ownership.refuse_foreign(place, [one.path.name])


def is_ours(name: str, listed: Iterable[str]) -> bool:
    """Whether a file is ours.

    Args:
        name: relative to the directory.
        listed: what the directory's list lists.
    """
    place = ownership.shard_folder(name)
    if place is None:
        return name in listed
    return f"{place}/" in listed and ownership.is_shard_name(name.removeprefix(f"{place}/"))


def copied(folder: Path, names: Iterable[str], target: Path) -> list[str]:
    """Copy objects into a local directory, each whole, several at a time; where one fails, others may be there.

    Args:
        folder: the address of a directory.
        names: relative to it.
        target: the local directory.

    Returns:
        the names of those that are no longer there.

    Raises:
        OSError: one of them cannot be read.
        RunFolderError: one of them cannot be written.
    """
    gone: list[str] = []

    def copy(name: str) -> None:
        part = (target / name).parent / f"{PARTIAL}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with open(part, "wb") as file:
                objects.fetch(folder / name, file)
            os.replace(part, target / name)
        except FileNotFoundError:
            gone.append(name)
        except object_server.ObjectError:
            raise
        except OSError as error:
            raise folder_error(target / name, error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    several(copy, names)
    return gone


def several(work: Callable[[str], object], names: Iterable[str]) -> None:
    """Do something for several names at a time; the first error ends it, and is raised.

    Args:
        work: what to do.
        names: for which.
    """
    failed = threading.Event()

    def unless_failed(name: str) -> None:
        if failed.is_set():
            return
        try:
            work(name)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        try:
            futures = [pool.submit(unless_failed, name) for name in names]
            wait(futures)
        except BaseException:  # somebody will not wait
            failed.set()
            raise
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        raise errors[0]


@contextmanager
def as_addresses(folder: Path, place: Path, option: str = "") -> Iterator[None]:
    """Let errors of storage be typed, and messages about a local copy say the address that the user gave.

    Args:
        folder: the address.
        place: the local copy.
        option: how the user named the address.
    """
    try:
        yield
    except object_server.ObjectError as error:
        raise StorageError(f"{option} {shown(folder)}: {error}".strip()) from error
    except RunFolderError as error:
        if str(error).startswith(ABOUT_THE_DISK):
            raise
        raise RunFolderError(str(error).replace(str(place), shown(folder))) from error
