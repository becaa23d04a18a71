"""What the fuzzers share: a tiny corpus, commands in processes, score tables bit for bit, and a tally.

Case ``n`` of a script with seed ``s`` draws everything from :func:`randomness` of both, so ``--seed s --only n``
does it again.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import importlib
import itertools
import mmap
import os
import pkgutil
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

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


def start(arguments: Sequence[str], folder: Path, log: str = "log") -> subprocess.Popen[bytes]:
    """Start a command in a session of its own; its output goes to ``log.out`` and ``log.err`` in the folder."""
    with open(folder / f"{log}.out", "wb") as out, open(folder / f"{log}.err", "wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "degrade_bench", *arguments],
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
    """The worker processes of a command."""
    there = processes_of(session).items()
    return [pid for pid, command in there if "spawn_main" in command and "resource_tracker" not in command]


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


# -- tables --------------------------------------------------------------------------------------------


def shards_of(out: Path) -> list[Path]:
    """The files of finished blocks in the folder of a run that goes on."""
    try:
        names = sorted(os.listdir(out / "shards"))
    except OSError:
        return []
    return [out / "shards" / name for name in names if not name.startswith(".") and not name.endswith(".json")]


Rows = Counter[tuple[tuple[Any, ...], str]]
"""How often there is a row: its key, and everything else in it but the seconds, bit for bit."""


def read_rows(folder: Path, metrics: str | None = None) -> Rows:
    """The rows of ``scores.parquet``; none where it is missing or cannot be read.

    Args:
        folder: a run directory.
        metrics: only those of these, separated by commas; None for all.
    """
    import pyarrow as pa
    from pyarrow import parquet

    from degrade_bench.runs.columns import KEY

    wanted = None if metrics is None else metrics.split(",")
    rows: Rows = Counter()
    try:
        table = parquet.ParquetFile(folder / "scores.parquet").read()
    except (OSError, pa.ArrowException):
        return rows
    for row in table.to_pylist():
        if wanted is None or row["metric"] in wanted:
            rest = {name: value for name, value in row.items() if name not in (*KEY, "seconds")}
            rows[tuple(row[name] for name in KEY), repr(sorted(rest.items()))] += 1
    return rows


def differences(expected: Rows, found: Rows) -> list[tuple[str, str]]:
    """How a table differs from the one expected: (``lost``, ``doubled`` or ``wrong``, detail) of each kind."""
    there = Counter({key: 0 for key, _ in expected})
    for (key, _), count in found.items():
        there[key] += count
    values = dict(expected.keys())
    by_kind: dict[str, list[Any]] = {
        "lost": [key for key in values if there[key] == 0],
        "doubled": [key for key in values if there[key] > 1],
        "wrong": [(key, rest) for key, rest in found if values.get(key) != rest],
    }
    return [(kind, f"{len(keys)} rows, {keys[0]}"[:500]) for kind, keys in by_kind.items() if keys]


# -- many small cases in child processes ---------------------------------------------------------------


def in_children(
    check: Callable[[random.Random, Path], str | None],
    seed: int,
    cases: Iterator[int],
    seconds: float = 10.0,
    gigabytes: float = 6.0,
) -> Iterator[tuple[int, str | None, str | None]]:
    """Check many cases in child processes, so that one that crashes or hangs is seen and costs itself only.

    Args:
        check: does a case in an empty folder, and returns what came of it; an exception is a finding.
        seed: of all cases.
        cases: their numbers.
        seconds: what a case may take.
        gigabytes: the address space of a child; a case that wants more gets a MemoryError.

    Yields:
        the case, what came of it, and what is wrong: None where nothing is.
    """
    pending = next(cases, None)
    while pending is not None:
        batch = [pending, *itertools.islice(cases, 199)]
        while batch:
            done = 0
            for case, came, wrong in _batch(check, seed, batch, seconds, gigabytes):
                done += 1
                yield case, came, wrong
            batch = batch[done:]
        pending = next(cases, None)


def _batch(
    check: Callable[[random.Random, Path], str | None],
    seed: int,
    batch: Sequence[int],
    seconds: float,
    gigabytes: float,
) -> Iterator[tuple[int, str | None, str | None]]:
    """The cases up to the first that takes its process with it."""
    shared = mmap.mmap(-1, 16)  # (index of the case, when it began)
    shared[:] = struct.pack("qd", 0, time.monotonic())
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        results = Path(scratch) / "results"
        results.touch()
        pid = os.fork()
        if pid == 0:
            try:
                _child(check, seed, batch, shared, results, gigabytes)
            finally:
                os._exit(BROKEN)
        status = None
        while status is None:
            ended, value = os.waitpid(pid, os.WNOHANG)
            index, began = struct.unpack("qd", shared[:])
            if ended:
                status = os.waitstatus_to_exitcode(value)
            elif time.monotonic() - began > seconds:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                break
            else:
                time.sleep(0.005)
        for line in results.read_text(encoding="utf-8", errors="replace").splitlines():
            case, came, wrong = line.split("\t", 2)
            yield int(case), came or None, wrong or None
    if status is None:
        yield batch[index], None, f"hang\tnot done after {seconds:g} s"
    elif status != 0:
        yield batch[index], None, f"crash\tthe process ended with {status}"


def _child(
    check: Callable[[random.Random, Path], str | None],
    seed: int,
    batch: Sequence[int],
    shared: mmap.mmap,
    results: Path,
    gigabytes: float,
) -> None:
    """Ends this process."""
    limit_memory(gigabytes)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)  # decoders in C talk
    with open(results, "w", encoding="utf-8", errors="replace") as lines:
        for index, case in enumerate(batch):
            shared[:] = struct.pack("qd", index, time.monotonic())
            came, wrong = "", ""
            try:
                with tempfile.TemporaryDirectory(prefix="case-", dir=results.parent) as folder:
                    came = check(randomness(seed, case), Path(folder)) or ""
            except BaseException as error:
                frames = traceback.extract_tb(error.__traceback__)
                ours = [frame for frame in frames if "degrade_bench" in frame.filename] or frames
                place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
                text = " ".join(str(error)[:300].split())
                kind = "wrong" if isinstance(error, AssertionError) else "traceback"
                wrong = f"{kind}\t{type(error).__name__} in {place}: {text}"
            lines.write(f"{case}\t{came}\t{wrong}\n")
            lines.flush()
    os._exit(0)


# -- the tally -----------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What a script has seen: cases, what came of them, and what is wrong."""

    script: str
    seed: int
    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    alike: dict[str, list[str]] = field(default_factory=dict)
    closed: bool = False

    def __post_init__(self) -> None:
        atexit.register(self.close)  # a script that is stopped says what it has seen

    def came(self, outcome: str) -> None:
        """Count a case and what came of it."""
        self.cases += 1
        self.outcomes[outcome] += 1

    def wrong(self, case: int, kind: str, detail: str, what: str = "") -> None:
        """Enter a finding, and print it."""
        self.findings[kind] += 1
        line = f"FOUND {kind}: {self.script} --seed {self.seed} --only {case} [{what}] {' '.join(detail.split())}"
        self.alike.setdefault(f"{kind}: {re.sub(r'[0-9]+', '#', detail)[:60]}", []).append(line)
        print(line.encode("utf-8", "backslashreplace").decode(), flush=True)

    def take(self, cases: Iterator[tuple[int, str | None, str | None]]) -> int:
        """Enter what :func:`in_children` gives, and close."""
        for case, came, wrong in cases:
            self.came(came or "wrong")
            if wrong:
                kind, _, detail = wrong.partition("\t")
                self.wrong(case, kind, detail)
        return self.close()

    def close(self) -> int:
        """Print what was found, alike together, and the counts in one line; the exit code: 1 for a finding."""
        if self.closed:
            return 1
        self.closed = True
        for lines in sorted(self.alike.values(), key=len):
            print(f"{len(lines)} × {lines[0]}".encode("utf-8", "backslashreplace").decode()[:400])
        names = ("traceback", "lost", "doubled", "wrong")
        counted = [f"{self.findings[name]} {name}" for name in names]
        counted += [f"{count} {kind}" for kind, count in sorted(self.findings.items()) if kind not in names]
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        print(f"{self.script} --seed {self.seed}: {self.cases} cases ({outcomes}): {', '.join(counted)}")
        return 1 if self.findings else 0


def parser(text: str | None, cases: int) -> argparse.ArgumentParser:
    """The options that every script has.

    Args:
        text: the script's docstring.
        cases: how many it does where nobody says otherwise.
    """
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--cases", type=int, default=cases, help=f"at most so many  [default: {cases}]")
    made.add_argument("--minutes", type=float, help="go on for so long, whatever --cases says")
    made.add_argument("--only", type=int, help="do this case alone: one that was found")
    made.add_argument("--keep", type=Path, help="copy the folders of findings here")
    return made


def numbers(options: argparse.Namespace) -> Iterator[int]:
    """The cases that were asked for, until the time is over."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started is ended
    if options.only is not None:
        yield options.only
        return
    until = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    case = 0
    while (case < options.cases) if until is None else (time.monotonic() < until):
        yield case
        case += 1


@contextlib.contextmanager
def scratch_folder(keep: Path | None = None, name: str = "case") -> Iterator[Path]:
    """A folder for one case; a copy stays under ``keep`` where the case leaves a file named ``FOUND`` in it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as made:
        folder = Path(made).resolve()
        yield folder
        if keep is not None and (folder / "FOUND").exists():
            shutil.copytree(folder, keep / name, dirs_exist_ok=True, symlinks=True)
