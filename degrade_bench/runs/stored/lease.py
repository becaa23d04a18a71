"""The lock of a run directory in object storage: an object for each run, renewed while it goes on.

S3 as pyarrow speaks it has no write that fails where something lies, so a lock cannot be taken in one step. Every
run writes an object of its own first and lists those of others afterwards. Of two that start at the same time, the
one that lists later sees the other, since what was written is listed at once: both may be refused, but never both
go on. A run that is no longer heard of loses its lock after :data:`LEASE_SECONDS` by the server's clock, or at once
where the run was of this machine and its process is gone. A run that was cut off from the server for longer than
that can be taken for dead; it finds its lock gone when it is back, and stops sending.
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
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from degrade_bench._support import objects
from degrade_bench._support.addresses import shown
from degrade_bench._support.contained import parse_json
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
        self._ended, self._lost = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Lease:
        _HELD.add(self._own.name)
        try:
            objects.write(self._own, self._content)
            try:
                self._check_alone()
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

    def _check_alone(self) -> None:
        """Raise where another run holds the lock; remove locks of runs that are dead."""
        leases = [one for one in objects.listed(self._folder) if is_lease(one.path.name)]
        now = max((one.changed for one in leases if one.path == self._own), default=0.0)
        for one in leases:
            if one.path == self._own or (owner := _owner(one.path)) is None:
                continue
            silent = max(0.0, now - one.changed)
            if _lives(owner, one.path.name, silent):
                raise RunFolderError(
                    f"{self._place} is in use by another run (process {owner.get('pid')} on {owner.get('host')}, "
                    f"heard of {silent:.0f} s ago); wait for it to end: if it was killed, its lock ends after "
                    f"{LEASE_SECONDS:.0f} s"
                )
            objects.delete(one.path)

    def _keep(self) -> None:
        while not self._ended.wait(RENEWED_SECONDS):
            with contextlib.suppress(OSError):  # the server is away; the next time will do
                if objects.look(self._own) is None:
                    self._lost.set()
                    self._warned(f"{self._place}: another run has taken over; nothing more is sent there")
                    return
                objects.write(self._own, self._content)


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
    if owner.get("machine") != this["machine"]:
        return silent < LEASE_SECONDS
    if (owner.get("pid"), owner.get("created")) == (this["pid"], this["created"]):
        return name in _HELD
    try:
        process = psutil.Process(int(owner["pid"]))
        return bool(process.create_time() == owner["created"] and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


def _this_process() -> dict[str, Any]:
    """This process, so that another one of the same machine can tell whether it still runs."""
    parts = [platform.node()]
    with contextlib.suppress(OSError):  # numbers of processes are those of a namespace, as of a container
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    machine = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    process = psutil.Process()
    return {"host": platform.node(), "machine": machine, "pid": process.pid, "created": process.create_time()}
