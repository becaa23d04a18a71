"""Damage in the files of a run folder, and every verb on it: refused in one line, or the same numbers.

A finished folder and one that was stopped (with shards) get one damage a case: bytes flipped, cut off, put in or
taken out, a file emptied, missing, a folder or a link in its place; in JSON also values of other kinds, deep
nesting, paths that lead outside, markup. Then a verb reads the folder. Wanted: exit code 0, 1 or 2, with 2 exactly
one line; no traceback; after damage to scores or shards the same numbers as before, a refusal, or scoring again;
nothing from outside in the folder, nothing outside changed, no markup as it is in the page.

    python tests/fuzz/flips.py --minutes 20 --seed 1
    python tests/fuzz/flips.py --reader --cases 5000
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import children, common, tables, tallying

SECRET = "nobody may read this in a page"
MARKUP = "<script>alert(1)</script>"
SLOWEST_SECONDS = 60
PRODUCTS = ("run.json", "files.json", "scores.parquet", "analysis.json", "summary.csv", "report.html")
VERBS = ("report", "analysis", "compare", "power", "run")


def copied(folder: Path, target: Path) -> Path:
    """A copy of a run folder, with a secret beside it."""
    shutil.copytree(folder, target)
    (target.parent / "secret.txt").write_text(SECRET)
    return target


class Folders:
    """A finished run, a run that was stopped, and what every verb says of them undamaged.

    Args:
        folder: where they are made.
        stopped_only: make no finished run.
    """

    def __init__(self, folder: Path, stopped_only: bool = False) -> None:
        self.corpus = common.make_corpus(folder / "in", 3)
        self.finished, self.stopped = folder / "finished", folder / "stopped"
        self._stop(folder)
        if not stopped_only:
            self._finish(folder)

    def _finish(self, folder: Path) -> None:
        """A run to its end, and what every verb says of it."""
        self._run(self.finished, folder)
        self.rows = tables.read_rows(self.finished)
        self.folder, self._said = folder, dict[str, Any]()

    def expected(self, verb: str) -> Any:
        """What a verb makes of the finished run undamaged."""
        if verb not in self._said:
            case = self.folder / f"undamaged-{verb}"
            case.mkdir()
            copied(self.finished, case / "out")
            ran = common.run_forked(self.command(verb, case / "out"), case, SLOWEST_SECONDS)
            if ran.code != 0:
                raise SystemExit(f"{verb} on an undamaged folder ended with {ran.code}: {ran.err[-500:]}")
            self._said[verb] = self.numbers(verb, ran, case)
        return self._said[verb]

    def command(self, verb: str, out: Path) -> list[str]:
        """The command line of a verb on a folder."""
        return {
            "report": ["report", str(out)],
            "analysis": ["analysis", str(out), "--resamples", "200"],
            "compare": ["compare", str(out), "--resamples", "200"],
            "power": ["power", "--from", str(out), "--json"],
            "run": common.run_arguments(self.corpus, out, 1),
        }[verb]

    def numbers(self, verb: str, ran: common.Ran, case: Path) -> Any:
        """What a verb makes of the scores: tables where it writes any, else what it prints."""
        if verb == "run":
            return tables.read_rows(case / "out")
        if verb == "analysis":
            return (case / "out" / "summary.csv").read_text()
        return None if verb == "report" else ran.out

    def _run(self, out: Path, folder: Path) -> None:
        ran = common.run_forked(self.command("run", out), folder, 5 * SLOWEST_SECONDS)
        if ran.code != 0:
            raise SystemExit(f"the run to be damaged ended with {ran.code}: {ran.err[-500:]}")

    def _stop(self, folder: Path) -> None:
        """Kill a run in the middle of its shards."""
        for _ in range(5):
            shutil.rmtree(self.stopped, ignore_errors=True)
            program = ("-c", common.STORING_EVERY_BLOCK)
            process = common.start(self.command("run", self.stopped), folder, "stopped-log", program)
            while process.poll() is None and len(tables.shards_of(self.stopped)) < 8:
                time.sleep(0.002)
            common.end_session(process.pid)
            process.wait()
            if len(tables.shards_of(self.stopped)) >= 8:
                return
        raise SystemExit("no run could be stopped with shards in its folder")


# -- damage --------------------------------------------------------------------------------------------


def damage_bytes(path: Path, rng: random.Random) -> str:
    """Damage a file without regard to what is in it; says how."""
    data = bytearray(path.read_bytes())
    kind = rng.choice(("flip", "flip", "flip", "flips", "cut", "insert", "remove", "zeros", "repeat", "empty"))
    at = rng.randrange(len(data)) if data else 0
    amount = min(len(data) - at, rng.choice((1, 2, 10, 1000)))
    if kind == "flip" and data:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == "flips":
        for _ in range(rng.randrange(2, 50)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == "cut":
        del data[at:]
    elif kind == "insert":
        data[at:at] = rng.randbytes(rng.choice((1, 5, 1000)))
    elif kind == "remove":
        del data[at : at + amount]
    elif kind == "zeros":
        data[at : at + amount] = bytes(amount)
    elif kind == "repeat":
        data[at:at] = data[at : at + amount]
    else:
        data.clear()
    path.write_bytes(data)
    return f"{kind} at {at}"


def damage_entry(path: Path, rng: random.Random) -> str:
    """Put something else in a file's place; says what."""
    kind = rng.choice(("missing", "folder", "link out", "link to itself", "pipe", "link to nowhere"))
    path.unlink()
    if kind == "folder":
        path.mkdir()
        (path / "note.txt").write_text("the user's")
    elif kind == "link out":
        path.symlink_to(path.parent.joinpath(*[".."] * rng.choice((1, 2)), "secret.txt"))
    elif kind == "link to itself":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to nowhere":
        path.symlink_to("nowhere")
    return kind


ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, 10**30, 0.5, "", "x", [], {}, [[]], {"a": 1}, "9" * 400),
    *("../secret.txt", "../../secret.txt", "/etc/hostname", MARKUP, "{{ 7*7 }}", "$\\frac{", "=1+1", "a\nb"),
    *("\x1b[31m", "\u202egnp", "\ud800", "x" * 100_000, "signal", "not-applicable", "nan", "../out", "C:\\x"),
)


def damage_json(path: Path, rng: random.Random) -> str:
    """Change a value somewhere in a JSON file; says where and to what."""
    stored = json.loads(path.read_bytes())
    places = list(_places(stored))
    said = []
    for _ in range(rng.choice((1, 1, 1, 3))):
        where, holder, key = rng.choice(places)
        kind = rng.choice(("value", "value", "value", "remove", "nest", "another", "add", "number"))
        said.append(f"{kind} at {where}")
        with contextlib.suppress(KeyError, IndexError, TypeError):  # where an earlier change took the place away
            if kind == "value":
                holder[key] = rng.choice(ODD_VALUES)
                said[-1] += f": {str(holder[key])[:30]!r}"
            elif kind == "remove":
                del holder[key]
            elif kind == "nest":
                holder[key] = _nested(rng.choice((10, 500)))
            elif kind == "another":
                holder[key] = rng.choice(places)[1]
            elif kind == "add":
                holder[f"odd{key}" if isinstance(holder, dict) else key] = 1
            elif isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
                holder[key] = rng.choice((-1, 2, 1e300, float("nan"), float("inf"))) * holder[key]
    with contextlib.suppress(ValueError, RecursionError):  # a value that holds itself
        path.write_bytes(json.dumps(stored, indent=1).encode("utf-8", "surrogatepass"))
    if rng.random() < 0.03:
        path.write_text("[" * 100_000)
        said = ["100,000 brackets"]
    return ", ".join(said)


def _places(stored: Any, where: str = "") -> Any:
    """Every value in a JSON document: where it stands, what holds it, and under which key."""
    entries = stored.items() if isinstance(stored, dict) else enumerate(stored) if isinstance(stored, list) else ()
    for key, value in entries:
        yield f"{where}/{key}", stored, key
        yield from _places(value, f"{where}/{key}")


def _nested(depth: int) -> Any:
    nested: Any = []
    for _ in range(depth):
        nested = [nested]
    return nested


def damage(out: Path, rng: random.Random) -> tuple[Path, str]:
    """Damage one file of a run folder: which, and how."""
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != ".lock")
    shards = [path for path in files if path.parent.name == "shards"]
    chosen = rng.choice(shards) if shards and rng.random() < 0.8 else None
    if chosen is None:
        main = [path for path in files if path.name in PRODUCTS]
        chosen = rng.choice(main) if rng.random() < 0.9 else rng.choice(files)
    rest = rng.random()
    if rest < 0.1:
        return chosen, damage_entry(chosen, rng)
    if chosen.suffix == ".json" and rest < 0.7:
        return chosen, damage_json(chosen, rng)
    return chosen, damage_bytes(chosen, rng)


# -- the cases -----------------------------------------------------------------------------------------


def check(number: int, rng: random.Random, folders: Folders, case: Path, tally: tallying.Tally) -> None:
    """Damage a copy of a folder and let a verb read it."""
    stopped = rng.random() < 0.3
    out = copied(folders.stopped if stopped else folders.finished, case / "out")
    file, how = damage(out, rng)
    verb = "run" if stopped and rng.random() < 0.9 else rng.choice(VERBS)
    ran = common.run_forked(folders.command(verb, out), case, SLOWEST_SECONDS)
    wrong = common.complaints(ran)
    if ran.code == 2 and verb != "run" and len(ran.err.strip().splitlines()) > 1:
        wrong.append(("not one line", ran.err.strip()[:300]))
    of_scores = file.name == "scores.parquet" or file.parent.name == "shards"
    if ran.code in (0, 1) and verb == "run" and not wrong:
        wrong += tables.differences(folders.rows, tables.read_rows(out))
    elif ran.code == 0 and of_scores and folders.numbers(verb, ran, case) != folders.expected(verb):
        wrong.append(("wrong", f"{verb} gives other numbers"))
    wrong += _leaks(out, case, file)
    outcome = {0: "fine", 1: "exit code 1", 2: "refused"}.get(ran.code if ran.code is not None else -1, "other")
    tally.came(f"{verb} {outcome}")
    for kind, detail in wrong:
        (case / "FOUND").write_text(detail)
        place = file.relative_to(out).as_posix() if file.parent.name != "shards" else f"shards/*{file.suffix}"
        tally.wrong(number, kind, detail, f"{verb} after {how} in {place}{', stopped' if stopped else ''}")


def _leaks(out: Path, case: Path, damaged: Path) -> list[tuple[str, str]]:
    """What came in from outside or went out, and markup that a page holds as it is."""
    wrong = []
    if (case / "secret.txt").read_text() != SECRET:
        wrong.append(("wrote outside", "secret.txt beside the folder"))
    marks = {SECRET.encode(): "leak", MARKUP.encode(): "markup", base64.b64encode(SECRET.encode())[:30]: "leak"}
    for path in (out / "report.html", *out.glob("figures/*.svg")):
        if path == damaged or path.is_symlink() or not path.is_file():
            continue
        page = path.read_bytes()
        wrong += [(kind, f"{mark!r} in {path.name}") for mark, kind in marks.items() if mark in page]
    note = damaged / "note.txt"
    if damaged.is_dir() and not damaged.is_symlink() and not note.exists():
        wrong.append(("removed the user's", str(note.relative_to(case))))
    return wrong


def check_reader(rng: random.Random, folder: Path, stopped: Path) -> str:
    """Damage the bytes of one shard and read the rows as a run does when it goes on: none may be another."""
    from degrade_bench.runs.folder import RunFolder

    out = folder / "out"
    shutil.copytree(stopped, out)
    with RunFolder(out) as undamaged:
        before = _bits(undamaged)
    damage_bytes(rng.choice(tables.shards_of(out)), rng)
    with RunFolder(out) as damaged:
        after = _bits(damaged)
    if extra := after - before:
        raise AssertionError(f"{extra.total()} rows are others: {next(iter(extra))[:200]}")
    return "all rows read" if after == before else "some scored again"


def _bits(folder: Any) -> Counter[str]:
    return Counter(map(repr, folder.read_finished().rows.to_pylist()))


def main(arguments: list[str] | None = None) -> int:
    """Damage, read, compare."""
    parser = tallying.parser(__doc__, cases=50)
    parser.add_argument("--reader", action="store_true", help="shards only, read in this process: much faster")
    options = parser.parse_args(arguments)
    tally = tallying.Tally("flips.py" + " --reader" * options.reader, options.seed)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as made:
        folders = Folders(Path(made).resolve(), options.reader)
        if options.reader:
            cases = children.in_children(
                lambda rng, case: check_reader(rng, case, folders.stopped), options.seed, tallying.numbers(options)
            )
            return tally.take(cases)
        for number in tallying.numbers(options):
            with common.scratch_folder(options.keep, f"flips-{options.seed}-{number}") as case:
                check(number, common.randomness(options.seed, number), folders, case, tally)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
