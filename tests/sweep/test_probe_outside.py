"""Metrics outside are probed like any other: what they do otherwise than they declare is one sentence."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from degrade_bench.errors import MetricError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.sweep.probe import probe

UP = {"higher_is_better": True}

PROGRAM = """
import array, json, sys

for line in sys.stdin:
    request = json.loads(line)
    heard = []
    for signal in request["signals"]:
        samples = array.array("f")
        samples.frombytes(open(signal["path"], "rb").read())
        heard.append(sum(abs(one) for one in samples[1000:21000:7]))
    answer = {"scores": heard}
    if sys.argv[1] == "in the batch":
        answer = {"scores": [one - sum(heard) / len(heard) for one in heard]}
    if sys.argv[1] == "one at a time" and len(heard) > 1:
        answer = {"error": "one at a time"}
    print(json.dumps({"id": request["id"], **answer}), flush=True)
"""


def command(script, **declared):
    return load_metric_apart(f"cmd:sh -c {shlex.quote(script)} sh {{wav}}", {**UP, **declared}, "cpu", 1.0)


def probed(metric):
    try:
        return probe(metric)
    finally:
        metric.rest()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo too loud >&2; exit 3", "over 2.5 s of clean music it ended with exit code 3: too loud"),
        ("echo no score", "over 2.5 s of clean music it printed no number, expected 1"),
        ("echo 1; echo 2", "it printed 2 lines with a number, expected 1"),
        ("date +%N", "it depends on chance"),
        ("echo nan", "gives NaN for clean music"),
    ],
)
def test_a_command_is_told_what_is_wrong(script, sentence):
    try:
        (said,) = probed(command(script)).warnings
    except MetricError as error:
        said = str(error)
    assert sentence in said


def test_a_command_is_called_once_for_every_signal_and_nothing_is_said_of_a_right_one():
    assert probed(command("test $# = 1 && wc -c < $1")).warnings == ()


@pytest.mark.parametrize(
    ("script", "how"), [("kill -SEGV $$", "SIGSEGV"), ("sleep 9", "did not answer within 1 s")]
)
def test_one_that_does_not_outlive_a_clip_is_refused(script, how):
    with pytest.raises(
        MetricError, match=f"cannot be used: over 2.5 s of clean music .*{how}.*; --no-probe runs it"
    ):
        probed(command(script))


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [
        ("right", None),
        ("in the batch", "it depends on the batch"),
        ("one at a time", "it scores one signal; of a batch of 4 it fails: one at a time"),
    ],
)
def test_a_program_that_speaks_json_lines_is_told_what_is_wrong(mood, sentence, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    spec = f"cmd:{shlex.quote(sys.executable)} -S {tmp_path}/program.py {shlex.quote(mood)}"
    found = probed(load_metric_apart(spec, UP, "cpu", 30.0)).warnings
    assert len(found) == (sentence is not None)
    assert sentence is None or sentence in found[0], found


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"name": "served", "higher_is_better": True, "sample_rate": 8000, "version": "1"})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.rates.add(request["sample_rate"])
        self.answer({"scores": [1.0] * (len(request["signals"]) % 4)})

    def answer(self, content):
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words):
        pass


def test_a_server_is_given_its_rate_and_told_what_is_wrong():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.rates = set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        metric = load_metric_apart(f"http://127.0.0.1:{server.server_port}/", {}, "cpu", 10.0)
        (said,) = probed(metric).warnings
        server.shutdown()
    assert "of a batch of 4 it" in said
    assert "0 scores, expected 4" in said
    assert server.rates == {8000}


def test_a_class_under_another_interpreter_is_told_what_is_wrong(tmp_path):
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    name, higher_is_better = 'mine', True\n"
        "    def score(self, batch, sample_rate, reference=None):\n"
        "        return [float(abs(a - b).mean()) for a, b in zip(batch, reference)]\n"
    )
    metric = load_metric_apart(f"{tmp_path}/mine.py:Mine", {}, "cpu", 30.0, python=sys.executable)
    with pytest.raises(MetricError, match="with one it scores: declare needs_reference = True"):
        probed(metric)
