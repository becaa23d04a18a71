"""Random manifests, beat files, JAMS, suites and configurations: a value or an error of this package.

Structure-aware: valid files with odd values, encodings, separators and nesting, then bytes changed now and then.
Wanted: what is read, or a :class:`~degrade_bench.errors.DegradeBenchError`, within seconds and in bounded memory.

    python tests/fuzz/manifests.py --minutes 10 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import children, tallying

NUMBERS = (
    *("0", "1", "0.5", "-1", "1e309", "nan", "inf", "-inf", "1e-320", "0x10", "1_000", "0,25", "1:30", "10" * 200),
    *("\u0661\u0662", "0.5 ", "+3", "--1", "1e", ".", "NaN", "null", "true", "9" * 5000, "-0.0"),
)
TEXTS = (
    *("c0.wav", "c1.wav", "sub/c0.wav", "../c0.wav", "/dev/zero", "/etc/passwd", "c0", "", " ", ".", "..", "\0"),
    *("a\nb", 'a"b', "a,b", "a;b", "a\tb", "\u2028", "\u0085", "\x1c", "\ud800", "\U0001f3b5" * 70, "x" * 300),
    *("x" * 140_000, "\x1b[31m", "\u202egnp.wav", "=1+1", "<b>", "$\\frac{", "~", "%s", "{0}", "CON", "c0.wav#2"),
    *("nul\0l.wav", "pipe.wav", "é.wav", "e\u0301.wav", "C0.WAV", "c0.wav ", "*", "null", "id", "path"),
)
COLUMNS = ("path", "id", "group", "track", "start", "duration", "beat_file", "stems")
ENCODINGS = ("utf-8-sig", "utf-16", "latin-1", "utf-32", "cp1252", "utf-7")

Reader = Callable[[random.Random, Path], str]


# -- values --------------------------------------------------------------------------------------------


def odd(rng: random.Random, depth: int = 0) -> Any:
    """A value of JSON or YAML."""
    kind = rng.randrange(10 if depth < 3 else 7)
    if kind < 2:
        return rng.choice(TEXTS)
    if kind == 2:
        return rng.choice(NUMBERS)
    if kind == 3:
        return rng.choice((None, True, False, 0, 1, -1, 10**400, 2**63, 0.5, 1e308, math.nan, math.inf))
    if kind < 7:
        return rng.uniform(0, 3)
    if kind == 7:
        return [odd(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 8:
        return {str(rng.choice(TEXTS))[:300]: odd(rng, depth + 1) for _ in range(rng.randrange(4))}
    return _nested(rng.choice((5, 100)))


def _nested(depth: int) -> Any:
    nested: Any = []
    for _ in range(depth):
        nested = [nested]
    return nested


def deep(rng: random.Random) -> str:
    """Brackets, as many as no parser should follow."""
    left, right = rng.choice((("[", "]"), ('{"a":', "}"), ("{", "}"), ("- ", ""), ("(", ")")))
    count = rng.choice((900, 5_000, 100_000))
    return left * count + rng.choice(("", "1", '"x"')) + (right * count if rng.random() < 0.5 else "")


def written(text: str, path: Path, rng: random.Random) -> None:
    """Write a text, now and then in another encoding than UTF-8 or with some bytes damaged."""
    encoding = "utf-8" if rng.random() < 0.9 else rng.choice(ENCODINGS)
    data = bytearray(text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace"))
    if rng.random() < 0.15:
        for _ in range(rng.choice((1, 1, 5, 50))):
            at = rng.randrange(len(data) + 1)
            action = rng.randrange(4)
            if action == 0:
                data[at:at] = rng.randbytes(rng.choice((1, 1, 20)))
            elif action == 1:
                del data[at : at + rng.choice((1, 10, 1000))]
            elif action == 2 and at < len(data):
                data[at] = rng.randrange(256)
            else:
                data[at:at] = rng.choice((b"\0", b"\r", b"\n", b'"', b"\xff", b"\xe2\x80\xa8", b",", b":", b"- "))
    path.write_bytes(data)


def value_for(column: str, rng: random.Random) -> Any:
    """Of the usual kind most of the time."""
    if rng.random() < 0.1:
        return odd(rng)
    if column in ("start", "duration"):
        return rng.choice((0, 0.5, 1, "1.5", 2, 3, rng.choice(NUMBERS)))
    return {"path": rng.choice(("c0.wav", "c1.wav", "c2.flac")), "beat_file": "c0.beats"}.get(
        column, f"n{rng.random()}"
    )


# -- the readers ---------------------------------------------------------------------------------------


def manifest_csv(rng: random.Random, folder: Path) -> str:
    """A CSV manifest."""
    columns = rng.sample(COLUMNS, rng.randrange(1, len(COLUMNS) + 1))
    if rng.random() < 0.8 and "path" not in columns:
        columns[0] = "path"
    if rng.random() < 0.1:
        columns.append(str(rng.choice((*TEXTS, "path", "Path", " path"))))
    separator = rng.choice((",", ",", ",", ";", "\t", "|", ", "))
    newline = rng.choice(("\n", "\n", "\r\n", "\r", "\n\n", "\u2028"))
    lines = [columns, *([value_for(column, rng) for column in columns] for _ in range(rng.randrange(5)))]
    if rng.random() < 0.1:
        lines[-1].append("more")
    text = newline.join(separator.join(_quoted(value, rng) for value in line) for line in lines)
    return _sources(text if rng.random() < 0.97 else deep(rng), folder / "m.csv", rng)


def _quoted(value: Any, rng: random.Random) -> str:
    text = "" if value is None else str(value)
    if rng.random() < 0.6 and any(mark in text for mark in ',;\t"\n'):
        text = '"' + text.replace('"', '""') + '"'
    return f'"{text}' if rng.random() < 0.02 else text


def manifest_jsonl(rng: random.Random, folder: Path) -> str:
    """A manifest of JSON lines."""
    lines = []
    for _ in range(rng.randrange(1, 5)):
        columns = ["path", *rng.sample(COLUMNS, rng.randrange(4))]
        row = {column: value_for(column, rng) for column in columns}
        if rng.random() < 0.1:
            row[rng.choice(TEXTS)[:300]] = odd(rng)
        whole = row if rng.random() < 0.95 else odd(rng)
        lines.append(json.dumps(whole, ensure_ascii=rng.random() < 0.5))
    if rng.random() < 0.05:
        lines.append(deep(rng))
    return _sources("\n".join(lines), folder / "m.jsonl", rng)


def _sources(text: str, path: Path, rng: random.Random) -> str:
    """Read it as ``--input`` does, and what a run asks of every clip before it decodes any."""
    from degrade_bench.corpus.inputs import sources_from

    written(text, path, rng)
    (path.parent / "c0.wav").write_bytes(b"RIFF")
    (path.parent / "c0.beats").write_text("0.5 1\n1.0 2\n")
    sources, _ = sources_from([path])
    identities = [source.identity for source in sources]
    for source in sources[:3]:
        _ = source.seconds_hint
    if len({source.id for source in sources}) != len(sources) or not all(map(str, identities)):
        raise AssertionError("two clips have one id")
    return "read"


def names(rng: random.Random, folder: Path) -> str:
    """A folder of files with odd names and of odd kinds."""
    from degrade_bench.corpus.inputs import sources_from

    for _ in range(rng.randrange(1, 5)):
        name = os.fsencode(rng.choice(("c0", "c0", rng.choice(TEXTS)[:200])).encode("utf-8", "surrogatepass"))
        if rng.random() < 0.3:
            name = rng.randbytes(rng.randrange(1, 240))
        name = name.replace(b"/", b"_").replace(b"\0", b"_") or b"_"
        suffix = rng.choice((b".wav", b".WAV", b".flac", b".m4a", b"", b".stems"))
        with contextlib.suppress(OSError):
            _make(os.fsencode(folder) + b"/" + name[: rng.choice((255, 250))] + suffix, rng)
    sources, _ = sources_from([folder])
    for source in sources:
        _ = source.identity
        assert source.id.isprintable() or source.id.encode("utf-8", "ignore").decode() == source.id, (
            f"an id that is no text: {source.id!r}"
        )
    return "read"


def _make(place: bytes, rng: random.Random) -> None:
    """A file, a folder, a link or a pipe."""
    kind = rng.randrange(6)
    if kind < 3:
        with open(place, "xb") as file:  # never into a pipe that is there already
            file.write(b"RIFF")
    elif kind == 3:
        os.mkdir(place)
    elif kind == 4:
        os.symlink(rng.choice((b".", b"/dev/zero", os.path.basename(place), b"c0.wav", b"..")), place)
    else:
        os.mkfifo(place)


def beats(rng: random.Random, folder: Path) -> str:
    """A text file of beats."""
    separator, newline = rng.choice((" ", "\t", ",", ";", ", ")), rng.choice(("\n", "\r\n", "\r", "\x0b"))
    lines, time, bare = [], 0.0, rng.random() < 0.3
    for beat in range(rng.randrange(12)):
        time += 0.5 if rng.random() < 0.97 else rng.choice((0.0, -1.0, 1e6))
        first = f"{time:g}" if rng.random() < 0.97 else rng.choice((*NUMBERS, *TEXTS))
        second = "" if bare else f"{separator}{beat % 4 + 1}"
        if rng.random() < 0.03:
            second = separator + rng.choice((*NUMBERS, f"1.{beat % 4 + 1}", ""))
        lines.append(
            first + second + rng.choice(("", " # here")) + (separator + "3" if rng.random() < 0.01 else "")
        )
    return _beat_file(newline.join(lines), folder / rng.choice(("c.beats", "c.txt", "c.beats.txt")), rng)


def jams(rng: random.Random, folder: Path) -> str:
    """A JAMS file."""
    namespaces = ("beat", "beat_position", "segment_open", "tempo", "key_mode", "chord", rng.choice(TEXTS))

    def observation() -> dict[str, Any]:
        made = {"time": rng.uniform(0, 3), "duration": 0, "confidence": None}
        made["value"] = rng.choice((1, 2, {"position": 1}, {"position": 2, "measure": 1}, "C:major", "N", odd(rng)))
        if rng.random() < 0.2:
            made[rng.choice(("time", "value"))] = odd(rng)
        if rng.random() < 0.05:
            made.popitem()
        return made

    def annotation() -> dict[str, Any]:
        data: Any = sorted((observation() for _ in range(rng.randrange(6))), key=lambda made: str(made.get("time")))
        if rng.random() < 0.15 and data:
            data = {name: [made.get(name) for made in data] for name in data[0]}
        if rng.random() < 0.1:
            data = odd(rng)
        return {"namespace": rng.choice(namespaces), "data": data, "sandbox": {}}

    whole: Any = {"annotations": [annotation() for _ in range(rng.randrange(4))], "file_metadata": {}}
    if rng.random() < 0.1:
        whole = rng.choice((odd(rng), {"annotations": odd(rng)}, [whole]))
    return _beat_file(deep(rng) if rng.random() < 0.03 else json.dumps(whole), folder / "c.jams", rng)


def _beat_file(text: str, path: Path, rng: random.Random) -> str:
    from degrade_bench.clip.beats import read_beat_file

    written(text, path, rng)
    found = read_beat_file(path).cut(rng.choice((0.0, 0.7)), 2.0)
    if any(not math.isfinite(time) for time in found.beats):
        raise AssertionError(f"a beat at {found.beats}")
    return "read"


def suite(rng: random.Random, folder: Path) -> str:
    """A suite of one's own."""
    from degrade_bench.degrade.suites import suite as read

    path = folder / "s.yaml"
    written(_yaml(_suite(rng), rng), path, rng)
    read(str(path))
    return "read"


def _suite(rng: random.Random) -> Any:
    known = ("white_noise", "low_pass", "mp3", "bar_shuffle", "gain", "tempo_change", "nothing")

    def ladder() -> Any:
        return rng.choice(([1, 2, 3, 4, 5], [40, 30, 20, 10, 0], [5, 4, 3, 2, 1], odd(rng), [odd(rng)] * 5))

    def entry() -> Any:
        kind = rng.randrange(7)
        made: Any = rng.choice(known)
        if kind == 1:
            made = {"degradation": rng.choice(known), "ladder": ladder()}
        elif kind == 2:
            steps = [{"degradation": rng.choice(known), "strength": ladder()} for _ in range(rng.randrange(3))]
            made = {"chain": steps, "name": rng.choice(TEXTS), "unit": odd(rng)}
        elif kind == 3:
            plugin = rng.choice(("Distortion", "Reverb", "Chain", "VST3Plugin", "nothing", odd(rng)))
            made = {"pedalboard": plugin, "parameter": "drive_db", "ladder": ladder(), "unit": "dB", "name": "d"}
        elif kind == 4:
            plugin = rng.choice(("AddGaussianNoise", "Mp3Compression", "Compose", odd(rng)))
            made = {
                "audiomentations": plugin,
                "parameter": "x",
                "ladder": ladder(),
                "unit": "dB",
                "settings": odd(rng),
            }
        if isinstance(made, dict) and rng.random() < 0.3:
            made[rng.choice((*made, "name", "group", "family", "summary", "placebo", "odd"))] = odd(rng)
        return made if rng.random() < 0.95 else odd(rng)

    top: Any = {"degradations": [entry() for _ in range(rng.randrange(4))]}
    for key in ("name", "summary", "levels"):
        if rng.random() < 0.3:
            top[key] = rng.choice(([1, 3], odd(rng)))
    return top if rng.random() < 0.95 else odd(rng)


def configuration(rng: random.Random, folder: Path) -> str:
    """A file for ``--config``."""
    from degrade_bench.sweep.config import make_config

    keys = (
        *("out", "input", "suite", "degradation", "metric", "set", "seed", "levels", "replicates", "limit_clips"),
        *("device", "batch_size", "workers", "max_failures", "retry_failed", "overwrite", "retry-failed", "odd"),
    )
    given: Any = {"out": "o", "degradation": "white_noise"}
    for key in rng.sample(keys, rng.randrange(5)):
        given[key] = odd(rng)
    path = folder / "c.yaml"
    written(_yaml(given if rng.random() < 0.95 else odd(rng), rng), path, rng)
    make_config({}, path)
    return "read"


def _yaml(value: Any, rng: random.Random) -> str:
    """YAML of a value, or one of the traps that YAML has."""
    import yaml

    if rng.random() < 0.12:
        return rng.choice((deep(rng), _bomb(rng), *_traps(rng)))
    try:
        return str(yaml.safe_dump(value, allow_unicode=rng.random() < 0.5, default_flow_style=rng.random() < 0.3))
    except (yaml.YAMLError, UnicodeError):
        return json.dumps(value)


def _bomb(rng: random.Random) -> str:
    """Aliases of aliases: a few lines that stand for more values than there is memory."""
    levels, width = rng.choice((5, 9, 30)), rng.choice((2, 9))
    left, right = rng.choice((("[", "]"), ("{x: ", "}")))
    lines = ["a0: &a0 [x, y, z]" if left == "[" else "a0: &a0 {x: y}"]
    for level in range(1, levels):
        items = (
            ", ".join([f"*a{level - 1}"] * width)
            if left == "["
            else ", ".join((f"k{index}: " if index else "") + f"*a{level - 1}" for index in range(width))
        )
        lines.append(f"a{level}: &a{level} {left}{items}{right}")
    key = rng.choice(("degradations", "set", "input", "levels", "suite", "name"))
    return "\n".join([*lines, f"{key}: *a{levels - 1}", "out: o"])


def _traps(rng: random.Random) -> tuple[str, ...]:
    merges = "\n".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}" for n in range(1, 20))
    return (
        "a: &a [*a]\ndegradations: *a",
        "a: &a {b: *a}\nset: *a",
        "!!python/object/apply:os.system [echo]",
        "degradations: !!binary x",
        "out: 2026-13-45",
        "? [a, b]\n: c",
        "? {a: b}\n: c",
        f"a0: &a0 {{k: 1}}\n{merges}\nout: o",
        "degradations: [white_noise, white_noise]",
        "a: 1\na: 2",
        "levels: 0o777777777777777777777777777777",
        "seed: " + "9" * 10_000,
        "seed: 1:" + ":".join(["59"] * 2000),
        "key: &" + "a" * 10_000 + " 1",
        "%YAML 99.9\n---\nout: o",
        "out: o\n---\nout: p",
        "a: " + "'" * rng.choice((1, 9_999)),
        "a: |" + "9" * 50,
        "\t- a",
        "#" * 100_000,
    )


def settings(rng: random.Random, folder: Path) -> str:
    """``--set`` texts and metric specifications as the command line takes them."""
    from degrade_bench.metric.catalogue import load_metric
    from degrade_bench.metric.settings import parse_settings

    name = rng.choice(("loudness", "muq-eval", "dnsmos", rng.choice(TEXTS)))
    key = rng.choice(("checkpoint", "k", "hop_seconds", rng.choice(TEXTS)))
    joint, value = rng.choice(("=", "=", "", "==")), rng.choice((*TEXTS, *NUMBERS))
    given = parse_settings([f"{name}{rng.choice(('.', '.', ''))}{key}{joint}{value}"])
    spec = rng.choice(("loudness", "builtins:print", "os:getcwd", "builtins:len", rng.choice(TEXTS)[:5000] + ":x"))
    load_metric(spec, given.get(name, {}), "cpu")
    return "read"


READERS: dict[str, Reader] = {
    function.__name__: function
    for function in (manifest_csv, manifest_jsonl, names, beats, jams, suite, configuration, settings)
}


def check(rng: random.Random, folder: Path, readers: tuple[str, ...] = tuple(READERS)) -> str:
    """Write a random file, and read it."""
    from degrade_bench.errors import DegradeBenchError

    reader = rng.choice(readers)
    try:
        return f"{reader}: {READERS[reader](rng, folder)}"
    except DegradeBenchError as error:
        " ".join(str(error).split()).encode("utf-8", "backslashreplace")
        return f"{reader}: refused"


def main(arguments: list[str] | None = None) -> int:
    """Write and read random files until the cases or the time is over."""
    parser = tallying.parser(__doc__, cases=2000)
    parser.add_argument("--reader", choices=READERS, help="only this kind of file")
    parser.add_argument("--seconds", type=float, default=10.0, help="what one file may take  [default: 10]")
    return fuzz(parser.parse_args(arguments))


def fuzz(options: argparse.Namespace) -> int:
    """The cases that were asked for, in child processes."""
    import degrade_bench.clip.beats
    import degrade_bench.corpus.inputs
    import degrade_bench.degrade.suites
    import degrade_bench.metric.catalogue
    import degrade_bench.sweep.config  # noqa: F401

    script = "manifests.py" + (f" --reader {options.reader}" if options.reader else "")
    tally = tallying.Tally(script, options.seed)
    readers = (options.reader,) if options.reader else tuple(READERS)
    cases = children.in_children(
        lambda rng, folder: check(rng, folder, readers), options.seed, tallying.numbers(options), options.seconds
    )
    return tally.take(cases)


if __name__ == "__main__":
    sys.exit(main())
