"""What this process may use of the machine, and what another one takes of it: cores and memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

CONTROL_GROUPS = (
    # controller, limit, used, the line of memory.stat with what the kernel can let go; version 2, version 1
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_bytes(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Memory that can still be taken without swapping, by the machine and by the control groups of this process.

    Containers, batch systems and ``systemd`` bound the memory of a group of processes and kill what goes beyond.

    Args:
        proc: where the kernel tells of processes.
        groups: where control groups are mounted.
    """
    return min([int(psutil.virtual_memory().available), *_left_in_groups(proc, groups)])


def _left_in_groups(proc: Path, groups: Path) -> Iterator[int]:
    """What is left of the limit of every control group that this process is in, the outer ones included."""
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        for controller, *names in CONTROL_GROUPS:
            if controller in controllers.split(","):
                mounted = groups / controller
                inside = mounted / path.lstrip("/")
                for group in (inside, *inside.parents):
                    if group.is_relative_to(mounted):
                        yield from _left(group, *names)


def _left(group: Path, limit: str, used: str, given_back: str) -> Iterator[int]:
    """What is left of the limit of one control group; nothing where it has none, or does not exist here.

    Args:
        group: its folder.
        limit: file with the limit in bytes, or ``max``.
        used: file with what its processes take.
        given_back: in ``memory.stat``, the name of what of it the kernel can let go.
    """
    try:
        most, taken = (group / limit).read_text().strip(), int((group / used).read_text())
        cached = re.search(rf"^{given_back} (\d+)$", (group / "memory.stat").read_text(), re.MULTILINE)
    except (OSError, ValueError):
        return
    if most.isdecimal():
        yield max(0, int(most) - taken + (int(cached[1]) if cached else 0))


@dataclass(frozen=True)
class Taken:
    """Memory of a process and of those that it started, in bytes, without what is shared with others.

    Attributes:
        now: at present.
        peak: the most so far. Where the system does not tell, it is ``now``.
    """

    now: int
    peak: int


def taken_by(pid: int) -> Taken | None:
    """Memory of a process and of those that it started; None where it has ended."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        taken = [_taken(member) for member in family]
    except psutil.Error:
        return None
    return Taken(sum(one.now for one in taken), sum(one.peak for one in taken))


def _taken(process: psutil.Process) -> Taken:
    memory = process.memory_info()
    shared = getattr(memory, "shared", 0)
    now = memory.rss - shared
    try:
        peak = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
    except OSError:
        peak = None
    return Taken(now, max(now, 1024 * int(peak[1]) - shared if peak else now))
