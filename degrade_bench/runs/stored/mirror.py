"""Keeping a run directory in object storage equal to the local one that a run works in.

A thread looks at the local directory again and again and sends what is new. Whenever it is stopped, what lies in
the storage is a run directory that another machine can go on from: ``files.json`` lists a file before it is sent,
a clip is sent before its rows, and a file is removed only after everything that was there when it was gone
locally has been sent.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from degrade_bench._support import object_server, objects
from degrade_bench._support.addresses import shown
from degrade_bench.errors import DegradeBenchError, StorageError
from degrade_bench.runs import ownership
from degrade_bench.runs.names import FILES, RECORD
from degrade_bench.runs.stored.contents import Contents, several
from degrade_bench.runs.stored.lease import Lease

PAUSE_SECONDS = 1.0
SHARE = 0.05
"""The most of its time that the thread looks at the local directory."""

Stamp = tuple[int, int, int]
"""Of a file, different once it was replaced."""


@dataclass(frozen=True)
class _Look:
    """What lay in the local directory.

    Attributes:
        listed: what its ``files.json`` lists.
        stamps: of the files that are there, by name; shards first.
    """

    listed: frozenset[str]
    stamps: dict[str, Stamp]


class Mirror:
    """Sends what is new in a local run directory to object storage, in a thread, until it is closed.

    Args:
        folder: the address of the run directory.
        place: the local one.
        before: what lay in the storage at the beginning.
        sent: those of its files that are the local ones, by name.
        writer: what the list in the storage says of who wrote it.
        lease: the lock of the run directory.
        begun: called when the storage has its first list.
        warned: told when the storage is away, and when it is back.
    """

    def __init__(
        self,
        folder: Path,
        place: Path,
        before: Contents,
        sent: Iterable[str],
        writer: str,
        lease: Lease,
        begun: Callable[[], None],
        warned: Callable[[str], None],
    ) -> None:
        self._folder, self._place, self._writer, self._lease, self._warned = folder, place, writer, lease, warned
        self._listing, self._begun = before.listing, begun
        self._there = set(before.sizes)
        self._sent = {name: stamp for name in sent if (stamp := _stamp(place / name)) is not None}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="mirror", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Send what is left.

        Args:
            seconds: how long a server that is away is waited for.

        Raises:
            StorageError: not everything could be sent.
            KeyboardInterrupt: somebody will not wait.
        """
        self._ended.set()
        self._thread.join()
        end, pauses, told = time.monotonic() + seconds, object_server.pauses_between(), False
        while True:
            try:
                while not self._pass():
                    pass
                return
            except (OSError, DegradeBenchError) as error:
                pause = next(pauses)
                if self._lease.is_lost or time.monotonic() + pause > end:
                    raise StorageError(f"{shown(self._folder)}: {error}") from error
                if not told:
                    self._warned(f"{shown(self._folder)}: {error}; trying again for {seconds:g} s")
                told = True
            time.sleep(pause)

    def _follow(self) -> None:
        """Send what is new until the mirror is closed, whether the storage is there or away."""
        pauses, away, pause = object_server.pauses_between(), False, 0.0
        while not self._ended.wait(pause):
            started = time.thread_time()
            try:
                self._pass()
                pause = max(PAUSE_SECONDS, (time.thread_time() - started) / SHARE)
                if away:
                    self._warned(f"{shown(self._folder)} is reached again")
                    pauses, away = object_server.pauses_between(), False
            except Exception as error:  # this thread must go on
                if self._lease.is_lost:
                    return
                if not away:
                    waits = f"the run goes on, and what it finishes waits in {self._place}"
                    self._warned(f"{shown(self._folder)}: {error}; {waits}")
                pause, away = next(pauses), True

    def _pass(self) -> bool:
        """Send what is new, and remove what is gone; whether the storage holds what the local directory does.

        Raises:
            StorageError: another run has taken over.
            OSError: the storage cannot be written.
        """
        before = self._look()
        self._list(before.listed | _entries(self._there))
        self._send(before)
        after = self._look()
        self._list(after.listed | _entries(self._there))
        self._send(after)
        gone = self._there - before.stamps.keys() - after.stamps.keys()
        several(self._remove, sorted(gone))
        self._list(after.listed | _entries(self._there))
        return before == after and self._there == after.stamps.keys()

    def _look(self) -> _Look:
        """What lies in the local directory, shards first: they go only when the table that has them is there."""
        rows = self._shards(".arrow")
        clips = self._shards(".json")  # looked for after the rows: a clip is written before its rows are
        listed = ownership.listed(self._place)
        others = sorted(
            listed - {f"{place}/" for place in ownership.OF_SHARDS}, key=lambda name: (name == RECORD, name)
        )
        stamps = {name: _stamp(self._place / name) for name in (*clips, *rows, *others)}
        return _Look(listed, {name: stamp for name, stamp in stamps.items() if stamp is not None})

    def _shards(self, suffix: str) -> list[str]:
        """The files of that kind in the folders of shards."""
        found: list[str] = []
        for place in ownership.OF_SHARDS:
            with contextlib.suppress(FileNotFoundError):
                names = sorted(name for name in os.listdir(self._place / place) if name.endswith(suffix))
                found += [f"{place}/{name}" for name in names if ownership.is_shard_name(name)]
        return found

    def _list(self, names: frozenset[str]) -> None:
        """Have the storage list these files, if it does not."""
        if not names:
            if self._listing:  # the run was refused before it wrote anything
                self._check()
                objects.delete(self._folder / FILES)
                self._listing = b""
            return
        listing = ownership.list_of(names, writer=self._writer).encode()
        if listing != self._listing:
            self._check()
            objects.write(self._folder / FILES, listing)
            if not self._listing:
                self._begun()
            self._listing = listing

    def _send(self, look: _Look) -> None:
        new = [name for name, stamp in look.stamps.items() if self._sent.get(name) != stamp]
        shards = [name for name in new if ownership.shard_folder(name)]
        for suffix in (".json", ".arrow"):  # no row without its clip
            several(self._copy, [name for name in shards if name.endswith(suffix)])
        for name in new[len(shards) :]:
            self._copy(name)

    def _copy(self, name: str) -> None:
        """Send a file as it is now; one that is gone meanwhile needs not be sent."""
        self._check()
        stamp = _stamp(self._place / name)
        try:
            objects.write(self._folder / name, self._place / name)
        except FileNotFoundError:
            return
        self._there.add(name)
        if stamp is not None:
            self._sent[name] = stamp

    def _remove(self, name: str) -> None:
        self._check()
        objects.delete(self._folder / name)
        self._there.discard(name)
        self._sent.pop(name, None)

    def _check(self) -> None:
        if not self._lease.sure():
            raise StorageError("another run has taken over")


def _entries(names: Iterable[str]) -> frozenset[str]:
    """What a list says for these files."""
    places = ((ownership.shard_folder(name), name) for name in names)
    return frozenset(name if place is None else f"{place}/" for place, name in places)


def _stamp(path: Path) -> Stamp | None:
    """None where there is no such file."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None
