"""What the fuzzers share: a tiny corpus, and commands in processes of which nothing is left over.

Case ``n`` of a script with seed ``s`` draws everything from :func:`randomness` of both, so ``--seed s --only n``
does it again.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import pkgutil
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # started in the background: commands inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

BYTECODE = Path(tempfile.gettempdir()) / "degrade-bench-fuzz-bytecode"
"""Where compiled modules are kept where Python was told to write none: compiling is the half of a short run."""

CRASH_MARKS = ("Traceback (most recent call last)", "Fatal Python error", "Exception ignored in")
"""What must stand in no output: Python's words for an exception that nobody met."""

OURS = "degrade-bench: "
"""How the line begins that says why a request cannot be carried out."""

DAMAGES = "white_noise,low_pass,bar_shuffle"
PANEL = "si-sdr,mr-spectral,log-mel,loudness"
RATE = 8000


def randomness(seed: int, case: int) -> random.Random:
    """What one case draws from; other Python releases draw the same."""
    return random.Random(f"{seed}/{case}")


# -- inputs --------------------------------------------------------------------------------------------


def make_corpus(folder: Path, clips: int = 2, seconds: float = 3.0) -> Path:
    """Short WAV files of decaying chords, with beats beside them, so that no beats have to be estimated."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * RATE)) / RATE
    for clip in range(clips):
        noise = np.random.default_rng(clip).standard_normal(times.size)
        chord = sum(np.sin(2 * np.pi * 110 * (clip + 2) * ratio * times) for ratio in (1, 1.25, 1.5))
        samples = 0.1 * chord * np.exp(-4 * (times % 0.5)) + 0.01 * noise
        soundfile.write(folder / f"c{clip}.wav", samples.astype(np.float32), RATE, subtype="FLOAT")
        beats = np.arange(0.0, seconds, 0.5)
        lines = (f"{beat:g}\t{index % 4 + 1}\n" for index, beat in enumerate(beats))
        (folder / f"c{clip}.beats").write_text("".join(lines))
    return folder


def run_arguments(corpus: Path, out: Path, workers: int, metrics: str = PANEL, damages: str = DAMAGES) -> list[str]:
    """The command line of a small run: some seventy cells, two seconds of scoring."""
    return [
        *("run", "--degradation", damages, "--levels", "1,5", "--metric", metrics, "--workers", str(workers)),
        *("--input", str(corpus), "--out", str(out)),
    ]


# -- commands ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """What a command came to. ``code`` is None where it had to be killed because it took too long."""

    arguments: tuple[str, ...]
    code: int | None
    out: str
    err: str
    seconds: float
    left: tuple[int, ...] = ()
    """Processes of its session that were still there ten seconds later."""


def environment() -> dict[str, str]:
    """The environment of every command: this tree, one thread, no display."""
    quiet = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "NO_COLOR": "1", "HF_HUB_OFFLINE": "1", "COLUMNS": "200"}
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    bytecode = {"PYTHONPYCACHEPREFIX": str(BYTECODE)} if "PYTHONDONTWRITEBYTECODE" in os.environ else {}
    return {**inherited, **quiet, **bytecode, "PYTHONPATH": str(ROOT)}


def limit_memory(gigabytes: float = 24.0) -> None:
    """Bound the address space of this process and leave no core files; torch alone maps a few gigabytes."""
    limit = round(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


_sessions: set[int] = set()


@atexit.register
def _end_sessions() -> None:
    for session in _sessions:
        end_session(session)


STORING_EVERY_BLOCK = """
import sys
from degrade_bench.cli import app
from degrade_bench.sweep import ledger

ledger.SECONDS_APART = 0.0
if __name__ == "__main__":
    app.main(sys.argv[1:])
"""
"""A program that does what the command does, and gives every block a shard of its own."""


def start(
    arguments: Sequence[str], folder: Path, log: str = "log", program: Sequence[str] = ("-m", "degrade_bench")
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own; its output goes to ``log.out`` and ``log.err`` in the folder.

    Args:
        arguments: of the command.
        folder: where it is started.
        log: what the files with its output are called.
        program: what Python is to run.
    """
    with open(folder / f"{log}.out", "wb") as out, open(folder / f"{log}.err", "wb") as err:
        process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=limit_memory,
        )
    _sessions.add(process.pid)
    return process


def finish(process: subprocess.Popen[bytes], folder: Path, seconds: float, log: str = "log") -> Ran:
    """Wait for a command that :func:`start` started, kill it when the time is over, and read what it said."""
    started = time.monotonic()
    try:
        code: int | None = process.wait(seconds)
    except subprocess.TimeoutExpired:
        code = None
        end_session(process.pid)
        process.wait()
    return _ran(process.args[3:], code, folder, log, time.monotonic() - started, process.pid)  # type: ignore[index]


def run(arguments: Sequence[str], folder: Path, seconds: float = 300, log: str = "log") -> Ran:
    """A command from its start to its end, as a user's shell starts it."""
    return finish(start(arguments, folder, log), folder, seconds, log)


def run_forked(arguments: Sequence[str], folder: Path, seconds: float = 60, log: str = "log") -> Ran:
    """A command in a fork of this process, which has imported everything: it starts at once."""
    _import_everything()
    started = time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become_command(arguments, folder, log)
    _sessions.add(pid)
    code: int | None = None
    while time.monotonic() - started < seconds:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.005)
    else:
        end_session(pid)
        os.waitpid(pid, 0)
    return _ran(arguments, code, folder, log, time.monotonic() - started, pid)


def _become_command(arguments: Sequence[str], folder: Path, log: str) -> None:
    """Never returns, whatever the command does to Python: this process must not go on as a second fuzzer."""
    leave, code = os._exit, BROKEN
    try:
        code = _command(arguments, folder, log)
    finally:
        leave(code)


BROKEN = 70
"""The exit code of a fork in which not even the way to end it works any more."""


def _command(arguments: Sequence[str], folder: Path, log: str) -> int:
    """The exit code is that of ``python -m degrade_bench``."""
    os.setsid()
    os.chdir(folder)
    limit_memory()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for name, descriptor in ((os.devnull, 0), (f"{log}.out", 1), (f"{log}.err", 2)):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    code: Any = 0
    try:
        from degrade_bench.cli.app import main

        main(list(arguments))
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:
        code = 1
        traceback.print_exc()
    with contextlib.suppress(Exception):
        if isinstance(code, str):
            print(code, file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
    return code if isinstance(code, int) else 0 if code is None else 1


def _import_everything() -> None:
    """Import what the verbs import when they are asked for; nothing is run, so no threads are started."""
    if "degrade_bench.cli.app" in sys.modules:
        return
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode, sys.pycache_prefix = False, str(BYTECODE)
    surroundings = environment()
    os.environ.clear()
    os.environ.update(surroundings)
    import degrade_bench

    for module in pkgutil.walk_packages(degrade_bench.__path__, "degrade_bench."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in (
        *("scipy.signal", "scipy.stats", "librosa.beat", "librosa.effects", "pedalboard", "lameenc", "soundfile"),
        *(
            "pyarrow.parquet",
            "pandas",
            "jinja2",
            "fontTools.ttLib.ttFont",
            "fontTools.subset",
            "PIL.PngImagePlugin",
        ),
    ):
        importlib.import_module(name)
    for name in ("figure", "backends.backend_agg", "backends.backend_svg", "backends.backend_pdf"):
        importlib.import_module(f"matplotlib.{name}")


def _ran(arguments: Sequence[str], code: int | None, folder: Path, log: str, seconds: float, session: int) -> Ran:
    left = _those_left(session)
    out, err = (
        (folder / f"{log}.{end}").read_bytes().decode("utf-8", errors="backslashreplace") for end in ("out", "err")
    )
    return Ran(tuple(arguments), code, out, err, seconds, left)


def processes_of(session: int) -> dict[int, str]:
    """The processes of a session and their command lines, zombies left out; nothing where there is no ``/proc``."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(entry.name)] = command
        except (OSError, ValueError, IndexError):
            continue
    return found


def workers_of(session: int) -> list[int]:
    """The worker processes of a command: started one by one, or forked from a template."""
    there = processes_of(session)
    templates = {pid for pid, command in there.items() if "multiprocessing.forkserver" in command}
    forked = [pid for pid in templates if _parent_of(pid) in templates]
    started = [
        pid for pid, command in there.items() if "spawn_main" in command and "resource_tracker" not in command
    ]
    return [*forked, *started]


def _parent_of(pid: int) -> int | None:
    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return None


def _those_left(session: int, seconds: float = 10.0) -> tuple[int, ...]:
    """Processes that outlive their command by ten seconds; they are ended."""
    until = time.monotonic() + seconds
    while (left := processes_of(session)) and time.monotonic() < until:
        time.sleep(0.05)
    end_session(session)
    _sessions.discard(session)
    return tuple(left)


def end_session(session: int) -> None:
    """Kill every process of a session that one of the functions here started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)
    for pid in processes_of(session):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def complaints(ran: Ran, codes: Sequence[int] = (0, 1, 2)) -> list[tuple[str, str]]:
    """What is wrong with the way in which a command ended: (kind, detail) of each.

    Args:
        ran: the command.
        codes: those that it may end with. With 2 there is one line that says why.
    """
    said = ran.err + ran.out
    wrong = [("traceback", excerpt(said, mark)) for mark in CRASH_MARKS if mark in said][:1]
    if ran.code is None:
        wrong.append(("hang", f"not done after {ran.seconds:.0f} s"))
    elif ran.code not in codes:
        wrong.append(("exit code", f"{ran.code}: {ran.err.strip()[-200:]}"))
    lines = [line for line in ran.err.splitlines() if line.startswith(OURS)]
    if ran.code == 2 and len(lines) != 1:
        wrong.append(("not one line", f"{len(lines)} lines: {ran.err.strip()[:300]}"))
    if ran.left:
        wrong.append(("orphan", f"{len(ran.left)} processes outlive the command"))
    return wrong


def excerpt(text: str, mark: str) -> str:
    """The exception at the end of a traceback, and the last place in this package that it passed."""
    after = text[text.index(mark) :]
    raised = re.findall(r"^[A-Za-z_][\w.]*(?::.*)?$", after, re.MULTILINE)
    places = re.findall(r'File "[^"]*/degrade_bench/([^"]*)", line (\d+)', after)
    where = f" ({places[-1][0]}:{places[-1][1]})" if places else ""
    return f"{raised[0] if raised else mark}"[:300] + where


@contextlib.contextmanager
def scratch_folder(keep: Path | None = None, name: str = "case") -> Iterator[Path]:
    """A folder for one case; a copy stays under ``keep`` where the case leaves a file named ``FOUND`` in it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as made:
        folder = Path(made).resolve()
        yield folder
        if keep is not None and (folder / "FOUND").exists():
            shutil.copytree(folder, keep / name, dirs_exist_ok=True, symlinks=True)
