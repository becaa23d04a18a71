"""Tests of what this process may use of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from degrade_bench._support.resources import available_bytes, available_cores, taken_by

MACHINE = 8_000_000_000


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with memory of its own and no control groups; what it returns makes one."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=MACHINE))
    (tmp_path / "self").mkdir()

    def group(path, names, limit, used, given_back):
        folder = tmp_path / "groups" / path
        folder.mkdir(parents=True)
        for name, text in zip(
            (*names, "memory.stat"), (limit, used, f"anon 5\n{given_back}\nfile 7\n"), strict=True
        ):
            (folder / name).write_text(f"{text}\n")

    def available(lines):
        (tmp_path / "self" / "cgroup").write_text("".join(f"{line}\n" for line in lines))
        return available_bytes(tmp_path, tmp_path / "groups")

    return SimpleNamespace(group=group, available=available, folder=tmp_path)


SECOND = ("memory.max", "memory.current")
FIRST = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def test_without_a_limit_it_is_what_the_machine_has(machine):
    machine.group("job", SECOND, "max", 3_000_000, "inactive_file 0")
    assert machine.available(["0::/job"]) == MACHINE
    assert machine.available(["0::/elsewhere", "1:cpu:/job", "", "nonsense"]) == MACHINE
    assert available_bytes(machine.folder / "nothing", machine.folder) == MACHINE


def test_the_narrowest_control_group_counts_whatever_its_version(machine):
    machine.group("job", SECOND, 3_000_000_000, 500_000_000, "inactive_file 0")
    machine.group("job/step", SECOND, "max", 400_000_000, "inactive_file 100000000")
    machine.group("memory/old", FIRST, 1_500_000_000, 700_000_000, "total_inactive_file 200000000")
    machine.group("memory/full", FIRST, 100, 700, "total_inactive_file 0")
    assert machine.available(["0::/job/step"]) == 2_500_000_000  # the outer one
    assert machine.available(["0::/job/step", "4:cpu,memory:/old"]) == 1_000_000_000
    assert machine.available(["4:memory:/full"]) == 0


def test_a_group_that_tells_nonsense_is_left_out(machine):
    machine.group("job", SECOND, 1000, "much", "inactive_file 0")
    assert machine.available(["0::/job"]) == MACHINE


def test_here_there_is_some_memory_and_a_core():
    assert 1 << 20 < available_bytes() <= psutil.virtual_memory().total
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


def test_a_process_is_counted_with_its_children_and_its_peak():
    script = """
import subprocess, sys
child = "x = b'x' * 50_000_000; print(flush=True); input()"
child = subprocess.Popen([sys.executable, "-c", child], stdin=-1, stdout=-1)
child.stdout.readline()
y = b"y" * 90_000_000
del y
print(flush=True)
input()
child.communicate(b"\\n")
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, text=True) as process:
        process.stdout.readline()
        taken = taken_by(process.pid)
        process.stdin.write("\n")
        process.stdin.close()
    assert 50e6 < taken.now < 90e6
    assert taken.peak == taken.now if sys.platform == "darwin" else 140e6 < taken.peak < 190e6
    assert taken_by(process.pid) is None
