"""The lock of a run directory in object storage: an object for each run, renewed while it goes on.

S3 as pyarrow speaks it has no write that fails where something lies, so a lock cannot be taken in one step. Every
run writes an object of its own first and lists those of others afterwards. Of two that start at the same time, the
one that lists later sees the other, since what was written is listed at once: both may be refused, but never both
go on. A run that is no longer heard of loses its lock after :data:`LEASE_SECONDS` by the server's clock, or at once
where the run was of this machine and no process has its number. A run that was cut off from the server for longer
than that can be taken for dead. So who sends asks before every change whether the lock was renewed within half of
that time (:meth:`Lease.sure`), and a run that could not renew it lists the locks of others before it goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from degrade_bench._support import objects
from degrade_bench._support.addresses import shown
from degrade_bench._support.contained import parse_json
from degrade_bench._support.numbers import fixed
from degrade_bench.errors import RunFolderError, StorageError
from degrade_bench.runs.names import LOCK
from degrade_bench.runs.ownership import PROGRAM

LEASE_SECONDS = 90.0
RENEWED_SECONDS = 20.0
MOST_BYTES = 4096

_HELD: set[str] = set()
"""Names of the locks that this process holds."""

_NAME = re.compile(rf"{re.escape(LOCK)}-[0-9a-f]{{16}}")


def is_lease(name: str) -> bool:
    """Whether an object is named as locks of runs are."""
    return bool(_NAME.fullmatch(name))


class Lease:
    """The lock of a run directory in object storage, held from the beginning to the end of a ``with`` statement.

    Args:
        folder: the address of the run directory.
        option: how the user named it, for messages.
        warned: told when the lock was lost.

    Raises:
        RunFolderError: another run holds it.
        StorageError: the storage cannot be used.
    """

    def __init__(self, folder: Path, option: str, warned: Callable[[str], None]) -> None:
        self._folder, self._warned = folder, warned
        self._place = f"{option} {shown(folder)}"
        self._own = folder / f"{LOCK}-{secrets.token_hex(8)}"
        self._content = json.dumps({"program": PROGRAM, **_this_process()}).encode()
        self._ended, self._lost, self._renewing = threading.Event(), threading.Event(), threading.Lock()
        self._renewed = _clock()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Lease:
        _HELD.add(self._own.name)
        try:
            objects.write(self._own, self._content)
            try:
                other = self._other()
                if other is not None:
                    raise RunFolderError(f"{self._place} is in use by another run ({other}")
            except BaseException:
                with contextlib.suppress(OSError):
                    objects.delete(self._own)
                raise
        except BaseException as error:
            _HELD.discard(self._own.name)
            if isinstance(error, OSError):
                raise StorageError(f"{self._place}: {error}") from error
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        _HELD.discard(self._own.name)
        if not self.is_lost:
            with contextlib.suppress(OSError):
                objects.delete(self._own)

    @property
    def is_lost(self) -> bool:
        """Whether another run has taken this one for dead."""
        return self._lost.is_set()

    def sure(self) -> bool:
        """Whether the lock is ours still, as was seen within half the time after which others may take it.

        Raises:
            OSError: the storage does not say.
        """
        with self._renewing:
            if _clock() - self._renewed > LEASE_SECONDS / 2:
                self._renew()
        return not self.is_lost

    def _other(self) -> str | None:
        """What to say of another run that holds the lock; locks of runs that are dead are removed."""
        leases = [one for one in objects.listed(self._folder) if is_lease(one.path.name)]
        now = max((one.changed for one in leases if one.path == self._own), default=0.0)
        for one in leases:
            if one.path == self._own or (owner := _owner(one.path)) is None:
                continue
            silent = max(0.0, now - one.changed)
            if _lives(owner, one.path.name, silent):
                return (
                    f"process {owner.get('pid')} on {owner.get('host')}, heard of {fixed(silent, 0)} s ago); wait "
                    f"for it to end: if it was killed, its lock ends after {fixed(LEASE_SECONDS, 0)} s"
                )
            objects.delete(one.path)
        return None

    def _renew(self) -> None:
        """Say that this run goes on; where that was long ago, see first that no other has begun."""
        if self.is_lost:
            return
        started = _clock()
        late = started - self._renewed > LEASE_SECONDS / 2
        gone = objects.look(self._own) is None
        if not gone:
            objects.write(self._own, self._content)
            gone = late and self._other() is not None
        if gone:
            self._lost.set()
            self._warned(f"{self._place}: another run has taken over; nothing more is sent there")
            with contextlib.suppress(OSError):
                objects.delete(self._own)
        self._renewed = started

    def _keep(self) -> None:
        told = False
        while not self._ended.wait(RENEWED_SECONDS) and not self.is_lost:
            try:
                with self._renewing:
                    self._renew()
            except OSError:  # the server is away; the next time will do
                continue
            except Exception as error:  # this thread must go on
                if not told:
                    self._warned(f"{self._place}: the lock was not renewed: {error}")
                told = True


def _owner(lease: Path) -> dict[str, Any] | None:
    """Who wrote a lock; None where it is gone, or is not ours."""
    try:
        content = parse_json(objects.read(lease, MOST_BYTES))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("program") == PROGRAM else None


def _lives(owner: dict[str, Any], name: str, silent: float) -> bool:
    """Whether the run that wrote a lock still goes on, as far as can be told.

    Args:
        owner: what it wrote.
        name: of the lock.
        silent: seconds since then.
    """
    this = _this_process()
    is_new = silent < LEASE_SECONDS
    if owner.get("machine") != this["machine"]:
        return is_new
    if owner.get("pid") == this["pid"]:
        return name in _HELD
    try:
        process = psutil.Process(int(owner["pid"]))
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        # when a process began is reckoned from the clock, which may have been set meanwhile
        return is_new or bool(process.create_time() == owner["created"])
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, KeyError, TypeError, ValueError, OverflowError):
        return is_new


def _clock() -> float:
    """Seconds that go on while the machine sleeps, where there is such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _this_process() -> dict[str, Any]:
    """This process, so that another one of the same machine can tell whether it still runs."""
    parts = [platform.node()]
    try:  # numbers of processes are those of a namespace, as of a container
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    except OSError:
        parts.append(str(uuid.getnode()))
    machine = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    process = psutil.Process()
    return {"host": platform.node(), "machine": machine, "pid": process.pid, "created": process.create_time()}
