"""Metrics that do harm, beside the panel: the panel's rows must be bit for bit those of a run without them.

Every kind of ``hostile.py`` is written as a file and run with one worker and with two, light and not; the cases
after these are random mixtures. Wanted besides: the metric's rows are what the kind says (``ok``, ``failed``, or
the metric refused with exit code 2 in one line), no traceback, no hang.

    python tests/fuzz/plugins.py --kind 'exits_well in score' --workers 2
    python tests/fuzz/plugins.py --random --minutes 20
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import common, hostile, tables, tallying

NAME = "hostile"
DAMAGES = "white_noise"
SLOWEST_SECONDS = 150
HANGING_SECONDS, PATIENT_SECONDS = 2, 60
"""What ``--metric-timeout`` is: a busy machine must not make a metric that works look as if it hung."""
AT_THE_DOOR = ("import", "constructor")
SOMEWHERE = ("counts", "fingerprint", "trait", "text", "end", "exit", "thread")
"""Moments that the bench may or may not come to, and at the door or later."""
ENDS = ("exits_well", "exits_at_once", "kills_itself", "reads_address_zero", "raises_hidden", "sleeps_forever")
"""Acts that are listed at every moment; the others in ``score`` alone."""


@dataclass(frozen=True)
class Kind:
    """A metric: what it does when, which lies it tells, and what may become of its rows."""

    plan: dict[str, tuple[str, ...]]
    lies: tuple[str, ...] = ()
    after: int = 0

    def __str__(self) -> str:
        done = [f"{'+'.join(acts)} in {moment}" for moment, acts in self.plan.items()]
        return "; ".join([*done, *self.lies]) + (f" after {self.after}" if self.after else "")

    @property
    def hangs(self) -> bool:
        """Whether it needs ``--metric-timeout``."""
        return any(hostile.ACTS[act].hangs for acts in self.plan.values() for act in acts)

    @property
    def expected(self) -> set[str]:
        """What may become of the rows."""
        allowed = [_expected(act, moment) for moment, acts in self.plan.items() for act in acts]
        allowed += [hostile.LIES[lie][1] for lie in self.lies]
        if len(allowed) == 1 and not self.after:
            return allowed[0]
        return {hostile.OK, hostile.FAILED, hostile.REFUSED, *set().union(*allowed)}


def _expected(act: str, moment: str) -> set[str]:
    expected = hostile.ACTS[act].expected
    if moment == "score" or expected == {hostile.OK}:
        return expected
    if moment in AT_THE_DOOR:
        return {hostile.REFUSED if one == hostile.FAILED else one for one in expected}
    return {*expected, hostile.OK, hostile.FAILED, hostile.REFUSED}


def listed() -> list[Kind]:
    """Every act in ``score``, the ends at every moment, every lie."""
    kinds = [Kind({"score": (act,)}) for act in hostile.ACTS]
    kinds += [Kind({moment: (act,)}) for act in ENDS for moment in (*AT_THE_DOOR, *SOMEWHERE)]
    kinds += [Kind({moment: ("parses_arguments",)}) for moment in AT_THE_DOOR]
    kinds += [Kind({"score": (act,)}, after=2) for act in ENDS]
    return kinds + [Kind({}, (lie,)) for lie in hostile.LIES]


def mixed(rng: random.Random) -> Kind:
    """One to three acts at random moments, now and then with a lie."""
    plan: dict[str, tuple[str, ...]] = {}
    for _ in range(rng.randrange(1, 4)):
        moment = rng.choice((*hostile.MOMENTS, "score", "score"))
        plan[moment] = (*plan.get(moment, ()), rng.choice(sorted(hostile.ACTS)))
    lies = (rng.choice(sorted(hostile.LIES)),) if rng.random() < 0.3 else ()
    return Kind(plan, lies, rng.choice((0, 0, 1, 5)))


def write(kind: Kind, light: bool, folder: Path) -> Path:
    """The file of a metric: ``hostile.py`` and a line that makes the class."""
    source = Path(hostile.__file__).read_text(encoding="utf-8")
    path = folder / "plugin.py"
    path.write_text(f"{source}\n\nHostile = metric({light}, {kind.plan!r}, {kind.lies!r}, {kind.after})\n")
    return path


class Plugins:
    """The runs of one call of this script.

    Args:
        tally: where findings go.
        folder: for the corpus and the runs of the panel alone.
        forked: start commands in forks of this process where they have one worker.
    """

    def __init__(self, tally: tallying.Tally, folder: Path, forked: bool = True) -> None:
        self.tally, self.folder, self.forked = tally, folder, forked
        self.corpus = common.make_corpus(folder / "in", 2, 2.0)
        self.alone: dict[int, tables.Rows] = {}

    def _panel_alone(self, workers: int) -> tables.Rows:
        if workers not in self.alone:
            out = self.folder / f"alone{workers}"
            arguments = common.run_arguments(self.corpus, out, workers, damages=DAMAGES)
            run = common.run_forked if self.forked and workers == 1 else common.run
            ran = run(arguments, self.folder, SLOWEST_SECONDS)
            if ran.code != 0:
                raise SystemExit(f"the run of the panel alone ended with {ran.code}: {ran.err[-500:]}")
            self.alone[workers] = tables.read_rows(out)
        return self.alone[workers]

    def case(self, number: int, kind: Kind, workers: int, light: bool, folder: Path) -> None:
        """Run one kind beside the panel."""
        alone = self._panel_alone(workers)
        (folder / "work").mkdir()
        spec = f"{write(kind, light, folder)}:Hostile"
        metrics = ",".join([spec, common.PANEL] if number % 2 else [common.PANEL, spec])
        arguments = [*common.run_arguments(self.corpus, folder / "out", workers, metrics, DAMAGES), "--keep-going"]
        if has_timeout():
            seconds = HANGING_SECONDS if kind.hangs else PATIENT_SECONDS
            arguments += ["--metric-timeout", str(seconds)]
        elif kind.hangs:
            self.tally.came("left out: hangs, and there is no --metric-timeout")
            return
        run = common.run_forked if self.forked and workers == 1 else common.run
        ran = run(arguments, folder / "work", SLOWEST_SECONDS)
        became, wrong = self._judged(kind, ran, folder / "out", alone)
        self.tally.came(became)
        for name, detail in wrong:
            (folder / "FOUND").write_text(detail)
            where = f"{kind}; {workers} workers, {'light' if light else 'heavy'}"
            self.tally.wrong(number, name, detail, where)

    def _judged(
        self, kind: Kind, ran: common.Ran, out: Path, alone: tables.Rows
    ) -> tuple[str, list[tuple[str, str]]]:
        """What became of the metric's rows, and what is wrong."""
        interrupted = hostile.INTERRUPTED in kind.expected
        codes = (0, 1, 2, 130) if interrupted else (0, 1, 2)
        wrong = common.complaints(ran, codes)
        if ran.code == 2:
            became = hostile.REFUSED
        elif ran.code == 130 and interrupted:
            became = hostile.INTERRUPTED
        elif not (out / "scores.parquet").exists():
            return "no table", [*wrong, ("no table", f"exit code {ran.code}: {ran.err.strip()[-200:]}")]
        else:
            found = tables.read_rows(out)
            panel = Counter({row: count for row, count in found.items() if row[0][-1] in common.PANEL.split(",")})
            wrong += tables.differences(alone, panel)
            became = _became(found, panel)
            code = 1 if "failed" in became else 0
            if ran.code in (0, 1) and ran.code != code:
                wrong.append(("exit code", f"{ran.code} where the rows are {became}"))
        if not any(became == allowed for allowed in kind.expected) and not _part(kind, became):
            expected = " or ".join(sorted(kind.expected))
            wrong.append((f"{became}, not {expected}", ran.err.strip()[-200:]))
        return became, wrong


def _part(kind: Kind, became: str) -> bool:
    """Whether some rows of a metric that dies now and then may be there."""
    return became == "ok and failed" and hostile.FAILED in kind.expected


def _became(found: tables.Rows, panel: tables.Rows) -> str:
    """The statuses of the rows that are not the panel's; what applies to no metric says nothing."""
    rests = [rest for _, rest in found - panel]
    statuses = [status for status in ("ok", "failed") if any(f"('status', '{status}')" in rest for rest in rests)]
    return " and ".join(statuses) or "no rows"


def has_timeout() -> bool:
    """Whether runs have the option ``--metric-timeout``."""
    from degrade_bench.sweep.config import RunConfig

    return "metric_timeout" in RunConfig.model_fields


def main(arguments: list[str] | None = None) -> int:
    """Run the listed kinds, each in four ways, then mixtures for as long as is asked for."""
    parser = tallying.parser(__doc__, cases=10**6)
    parser.add_argument("--kind", help="only listed kinds whose description holds this regular expression")
    parser.add_argument("--random", action="store_true", help="mixtures from the start")
    parser.add_argument("--workers", type=int, choices=(1, 2), help="only with so many  [default: both]")
    parser.add_argument("--no-fork", action="store_true", help="start every command anew, one worker or two")
    options = parser.parse_args(arguments)
    tally = tallying.Tally("plugins.py" + " --random" * options.random, options.seed)
    kinds = [] if options.random else [kind for kind in listed() if re.search(options.kind or "", str(kind))]
    ways = [(workers, light) for workers in (1, 2) for light in (False, True)]
    ways = [way for way in ways if options.workers in (None, way[0])]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        plugins = Plugins(tally, Path(folder).resolve(), forked=not options.no_fork)
        for number in tallying.numbers(options):
            rng = common.randomness(options.seed, number)
            if number < len(kinds) * len(ways):
                kind = kinds[number % len(kinds)]
                # every kind in every way, and the ways evenly from the start
                workers, light = ways[(number // len(kinds) + number % len(kinds)) % len(ways)]
            elif options.random or options.minutes is not None:
                kind, (workers, light) = mixed(rng), rng.choice(ways)
            else:
                break
            with common.scratch_folder(options.keep, f"plugins-{options.seed}-{number}") as case:
                plugins.case(number, kind, workers, light, case)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
