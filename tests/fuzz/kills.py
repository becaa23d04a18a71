"""Runs that are killed at random moments, and then gone on with: the table must be that of a run left alone.

Of every case one run is started several times and interrupted each time: the whole group, the main process or one
worker is killed, or Ctrl-C or SIGTERM is sent, after a random time or as soon as a certain file appears; now and
then a start asks for fewer metrics. Then the same command runs to its end. Wanted: every row once and bit for bit,
no traceback, exit codes as documented, and no process that outlives its command.

    python tests/fuzz/kills.py --moments 30 --workers 2 --seed 1

With ``--engine ray`` a cluster of this machine is started first; the commands join it, and workers are its.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import psutil

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[2]))

from degrade_bench.sweep.ledger import SECONDS_APART
from tests.fuzz import common, tables, tallying

INTERRUPTED = (130, -signal.SIGINT)
"""Also where Python, at its start and end, has no handler: a shell says 130 of both."""
SLOWEST_SECONDS = 300

WAYS = ("group", "main", "worker", "interrupt", "interrupt group", "terminate")
CODES = {
    "group": (-signal.SIGKILL,),
    "main": (-signal.SIGKILL,),
    "worker": (0, 1),
    "interrupt": INTERRUPTED,
    "interrupt group": INTERRUPTED,
    "terminate": (-signal.SIGTERM, 128 + signal.SIGTERM),
}
"""What a start that was interrupted in this way may end with; or 0, where it was done before it noticed."""

FILES = ("scores.parquet", "run.json", "summary.csv", "analysis.json", "report.html")


def moment(rng: random.Random, seconds: float) -> tuple[str, float]:
    """When to interrupt: ``("time", seconds)``, ``("shards", how many)`` or ``(name of a file, 0)``."""
    kind = rng.choice(("time", "shards", "shards", "file"))
    if kind == "time":
        return "time", rng.uniform(0.05, seconds)
    if kind == "shards":
        return "shards", rng.randrange(1, max(2, round(seconds / SECONDS_APART)))
    return rng.choice(FILES), 0.0


def wait_for(when: tuple[str, float], process: Popen[bytes], out: Path, before: int) -> bool:
    """Wait for the moment; False where the process ended first."""
    kind, amount = when
    started = time.monotonic()
    old = _changed(out / kind)
    while process.poll() is None:
        if kind == "time":
            if time.monotonic() - started >= amount:
                return True
        elif kind == "shards":
            if len(tables.shards_of(out)) >= before + amount:
                return True
        elif _changed(out / kind) != old:
            return True
        time.sleep(0.001)
    return False


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def interrupt(way: str, process: Popen[bytes], rng: random.Random) -> bool:
    """Do it; False where there is no worker to kill."""
    if way == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif way == "main":
        process.kill()
    elif way == "interrupt":
        process.send_signal(signal.SIGINT)
    elif way == "interrupt group":
        os.killpg(process.pid, signal.SIGINT)
    elif way == "terminate":
        process.terminate()
    else:
        workers = common.workers_of(process.pid) or ray_workers()
        if not workers:
            return False
        os.kill(rng.choice(workers), signal.SIGKILL)
    return True


def ray_workers() -> list[int]:
    """Processes of a cluster on this machine that damage."""
    return [found.pid for found in psutil.process_iter(["cmdline"]) if "ray::Damager" in str(found.info["cmdline"])]


@contextmanager
def cluster(engine: str, processors: int) -> Iterator[None]:
    """With ``ray``, a cluster of this machine."""
    if engine == "local":
        yield
        return
    ray = Path(sys.executable).with_name("ray")
    environment = {**common.environment(), "RAY_USAGE_STATS_ENABLED": "0"}
    command = [ray, "start", "--head", "--num-cpus", str(processors), "--include-dashboard", "false"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    try:
        yield
    finally:
        subprocess.run([ray, "stop", "--force"], check=True, stdout=subprocess.DEVNULL)


class Kills:
    """The runs of one call of this script.

    Args:
        workers: of every run.
        clips: likewise.
        starts: of a case at most, before the one that is left alone.
        tally: where findings go.
        folder: for the corpus and the run that is left alone.
        engine: of every run but that one.
    """

    def __init__(
        self, workers: int, clips: int, starts: int, tally: tallying.Tally, folder: Path, engine: str = "local"
    ) -> None:
        self.workers, self.starts, self.tally = workers, starts, tally
        self.moments = 0
        self.corpus = common.make_corpus(folder / "in", clips)
        alone = common.run(self._command(folder / "alone"), folder, SLOWEST_SECONDS)
        if alone.code != 0:
            raise SystemExit(f"the run that is left alone ended with {alone.code}: {alone.err[-500:]}")
        self.engine = [] if engine == "local" else ["--engine", engine]
        self.seconds, self.expected = alone.seconds, tables.read_rows(folder / "alone")

    def _command(self, out: Path, metrics: str = common.PANEL) -> list[str]:
        return common.run_arguments(self.corpus, out, self.workers, metrics)

    def case(self, number: int, rng: random.Random, folder: Path) -> None:
        """Interrupt a run some times, end it, and look at its table."""
        done: list[str] = []
        wrong: list[tuple[str, str]] = []
        for start in range(rng.randrange(1, self.starts + 1)):
            wrong += self._interrupted(rng, folder, f"start{start}", done)
        ran = common.run([*self._command(folder / "out"), *self.engine], folder, SLOWEST_SECONDS, "end")
        wrong += common.complaints(ran, (0,))
        if ran.code in (0, 1):
            wrong += tables.differences(self.expected, tables.read_rows(folder / "out"))
        if (folder / "out" / "shards").exists() and ran.code == 0:
            wrong.append(("left over", "shards/ is still there"))
        self.tally.came("interrupted" if done else "undisturbed")
        for kind, detail in wrong:
            (folder / "FOUND").write_text(detail)
            self.tally.wrong(number, kind, detail, "; ".join(done))

    def _interrupted(self, rng: random.Random, folder: Path, log: str, done: list[str]) -> list[tuple[str, str]]:
        metrics = common.PANEL if rng.random() < 0.8 else ",".join(common.PANEL.split(",")[:2])
        when, way = moment(rng, self.seconds), rng.choice(WAYS)
        process = common.start([*self._command(folder / "out", metrics), *self.engine], folder, log)
        codes: tuple[int, ...] = (0,)
        if wait_for(when, process, folder / "out", len(tables.shards_of(folder / "out"))):
            if when[0] not in ("time", "shards"):
                time.sleep(rng.choice((0.0, 0.0, rng.uniform(0, 0.1))))
            if process.poll() is None and interrupt(way, process, rng):
                codes = (0, *CODES[way])
                self.moments += 1
                done.append(
                    f"{way} at {when[0]} {when[1]:.3g}".rstrip(" 0") + f", {metrics.count(',') + 1} metrics"
                )
        return common.complaints(common.finish(process, folder, SLOWEST_SECONDS, log), codes)


def main(arguments: list[str] | None = None) -> int:
    """Kill until as many moments are done as were asked for."""
    parser = tallying.parser(__doc__, cases=10**6)
    parser.add_argument("--moments", type=int, default=30, help="interruptions in all  [default: 30]")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument(
        "--starts", type=int, default=4, help="of a case that are interrupted, at most  [default: 4]"
    )
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    options = parser.parse_args(arguments)
    given = ("workers", "clips", "starts", "engine")
    script = " ".join(["kills.py", *(f"--{name} {getattr(options, name)}" for name in given)])
    tally = tallying.Tally(script, options.seed)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, cluster(options.engine, options.workers):
        place = Path(folder).resolve()
        kills = Kills(options.workers, options.clips, options.starts, tally, place, options.engine)
        for number in tallying.numbers(options):
            if options.minutes is None and kills.moments >= options.moments:
                break
            with common.scratch_folder(options.keep, f"kills-{options.seed}-{number}") as case:
                kills.case(number, common.randomness(options.seed, number), case)
    tally.outcomes["moments"] = kills.moments
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
