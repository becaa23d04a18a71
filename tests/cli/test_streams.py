"""Standard output and standard error that are full, closed or of a narrow encoding."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIST = f"{sys.executable} -m degrade_bench list suites --json"
PLAN = f"{sys.executable} -m degrade_bench power --reliability 0.6"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (f"{PLAN} > /dev/full", 74),
        (f"{PLAN} >&-", 0),
        (f"{PLAN} >&- 2>&- <&-", 0),
        (f"{PLAN} nonsense 2> /dev/full", 2),
        (f"set -o pipefail; {LIST} | head -1", 0),
        (f"PYTHONIOENCODING=ascii {LIST}", 0),
    ],
)
def test_what_cannot_be_printed_leaves_no_traceback(command, code):
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (code == 74)
