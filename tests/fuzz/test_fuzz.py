"""The fuzzers for some seconds each, and that they see what they look for. README.md says how to run them long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.fuzz import children, common, hostile, manifests, plugins, tables

SHORT = {
    "manifests": ("manifests.py", "--cases", "300"),
    "files": ("files.py", "--cases", "100"),
    "flips in shards": ("flips.py", "--reader", "--cases", "60"),
    "kills": ("kills.py", "--moments", "1", "--starts", "1", "--clips", "2", "--workers", "1"),
    "plugins": ("plugins.py", "--kind", "exits_well in score", "--workers", "1", "--cases", "1"),
}
"""Every script, with options that end it within ten seconds or so."""


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_found(name):
    script, *options = SHORT[name]
    ran = subprocess.run(
        [sys.executable, str(common.ROOT / "tests" / "fuzz" / script), *options, "--seed", "1"],
        env=common.environment(),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert "0 traceback, 0 lost, 0 doubled, 0 wrong" in ran.stdout


def table(*rows):
    return Counter(rows)


def test_lost_doubled_and_wrong_rows_are_told_apart():
    expected = table((("c0", "a"), "1"), (("c0", "b"), "2"))
    assert tables.differences(expected, expected) == []
    lost = tables.differences(expected, table((("c0", "a"), "1")))
    assert [kind for kind, _ in lost] == ["lost"]
    doubled = tables.differences(expected, expected + table((("c0", "a"), "1")))
    assert [kind for kind, _ in doubled] == ["doubled"]
    wrong = tables.differences(expected, table((("c0", "a"), "1"), (("c0", "b"), "3")))
    assert [kind for kind, _ in wrong] == ["wrong"]
    more = tables.differences(expected, expected + table((("c1", "a"), "1")))
    assert [kind for kind, _ in more] == ["wrong"]


@pytest.mark.parametrize(
    ("code", "err", "kinds"),
    [
        (0, "", []),
        (1, "3 of 4 cells done", []),
        (2, "degrade-bench: no such file", []),
        (2, "", ["not one line"]),
        (2, "degrade-bench: a\ndegrade-bench: b", ["not one line"]),
        (-11, "", ["exit code"]),
        (77, "", ["exit code"]),
        (None, "", ["hang"]),
        (1, "Traceback (most recent call last):\n  File\nKeyError: 'a'", ["traceback"]),
    ],
)
def test_how_a_command_may_end(code, err, kinds):
    assert [kind for kind, _ in common.complaints(common.Ran((), code, "", err, 1.0))] == kinds


def behave(rng, folder):
    """Draws the way in which a case goes wrong."""
    way = rng.choice(("fine", "fine", "raises", "crashes", "hangs", "says that it is wrong"))
    if way == "raises":
        raise KeyError(way)
    if way == "crashes":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "hangs":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        time.sleep(60)
    assert not way.startswith("says"), way
    return way


def test_cases_that_crash_or_hang_are_seen_and_cost_themselves_only():
    seen = list(children.in_children(behave, 1, iter(range(24)), seconds=0.3))
    assert [case for case, _, _ in seen] == list(range(24))
    kinds = Counter(came or wrong.partition("\t")[0] for _, came, wrong in seen)
    assert set(kinds) == {"fine", "traceback", "crash", "hang", "wrong"}
    again = list(children.in_children(behave, 1, iter([case for case, _, wrong in seen if wrong]), seconds=0.3))
    assert all(wrong for _, _, wrong in again)  # a case alone is the case that was found


def test_every_hostile_metric_is_a_file_that_can_be_compiled(tmp_path):
    """Not run here: ``plugins.py`` does that, in processes of their own."""
    kinds = [*plugins.listed(), *(plugins.mixed(common.randomness(1, case)) for case in range(50))]
    for kind in kinds:
        assert kind.expected <= {hostile.OK, hostile.FAILED, hostile.REFUSED, hostile.INTERRUPTED}
        source = plugins.write(kind, True, tmp_path).read_text(encoding="utf-8")
        tail = source[source.index("\nHostile = metric(") :]
        compile(tail, "plugin.py", "exec")
    assert len({str(kind) for kind in plugins.listed()}) == len(plugins.listed())


def test_every_reader_of_random_files_reads_some(tmp_path):
    """Files that are always refused would test the first check of a reader only."""
    came = Counter()
    for case in range(400):
        (folder := tmp_path / str(case)).mkdir()
        reader = sorted(set(manifests.READERS) - {"names", "settings", "suite", "configuration"})[case % 4]
        try:
            came[manifests.check(common.randomness(0, case), folder, (reader,))] += 1
        except Exception:  # what is found is told by the test above
            came["found"] += 1
    assert all(came[f"{reader}: read"] > 5 for reader in ("manifest_csv", "manifest_jsonl", "beats", "jams")), came
