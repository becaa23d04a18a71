"""The process that workers are forked from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from degrade_bench.sweep import template

SCRIPT = """
import os
from degrade_bench._support.pipes import receive
from degrade_bench.sweep import processes, template
from told import tell

if __name__ == "__main__":
    template.prepare()
    os.environ["ASKED_LATER"] = "yes"
    context = processes.multiprocessing.get_context(processes.START_METHOD)
    ours, theirs = context.Pipe()
    worker = context.Process(target=tell, args=(theirs, dict(os.environ)))
    with template.without_interrupts():
        worker.start()
    print(receive(ours))
    worker.join()
"""

TOLD = """
import os, signal, sys

def tell(connection, environment):
    from degrade_bench._support.pipes import send
    import degrade_bench, torch
    from degrade_bench.sweep import processes
    processes.threading.Thread = lambda **options: type("None", (), {"start": lambda self: None})()
    processes.receive = lambda connection: None
    loaded = "degrade_bench.metric.panel.filter_banks" in sys.modules
    processes.worker_main(connection, environment)
    blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    send(connection, [degrade_bench.__file__, torch.__file__, os.environ.get("ASKED_LATER"), loaded, blocked])
"""


@pytest.mark.skipif(template.USUAL_METHOD == "spawn", reason="workers are started one by one here")
def test_workers_are_copies_of_this_package_wherever_they_are_started(tmp_path):
    """Not of what lies in the working directory under a name that the template imports."""
    here, scripts = tmp_path / "here", tmp_path / "scripts"
    for name in ("degrade_bench", "torch", "signal", "numpy"):
        (here / name).mkdir(parents=True)
        (here / name / "__init__.py").write_text("raise SystemExit('the wrong one')\n")
    scripts.mkdir()
    (scripts / "main.py").write_text(SCRIPT)
    (scripts / "told.py").write_text(TOLD)
    command = [sys.executable, str(scripts / "main.py")]
    environment = {**os.environ, "PYTHONPATH": str(template.ROOT)}
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    package, torch_file, asked_later, loaded, blocked = eval(done.stdout)  # a list that was printed
    assert Path(package).parent == template.ROOT / "degrade_bench"
    assert not Path(torch_file).is_relative_to(tmp_path)
    assert asked_later == "yes", "what was set after the template was started"
    assert loaded, "it is a copy of what has imported that"
    assert blocked, "Ctrl-C is for the main process"
