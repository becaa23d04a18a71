"""A program that answers lines of JSON: in order, whatever else it prints, and started again when it ends."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest
import torch

from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.outside import program

EXAMPLES = Path(__file__).parents[3] / "examples" / "outside"

MOODY = """
import array, json, os, signal, sys, time

print("loading", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    number, heard = request["id"], []
    for signal_ in request["signals"] + request.get("references", []):
        samples = array.array("f")
        samples.frombytes(open(signal_["path"], "rb").read())
        assert len(samples) == signal_["frames"] * signal_["channels"]
        heard.append(samples)
    mood = int(heard[0][0])
    scores = [sum(samples) for samples in heard]
    if mood == 2:
        print("noise " * 500000, "no end of line", end="")
        print(json.dumps({"level": "INFO", "scores": [0]}))
        print("x" * 3000000, file=sys.stderr)
        print("{not json}")
    answer = {"id": number, "scores": scores}
    if mood == 3:
        print("out of ideas", file=sys.stderr)
        os._exit(7)
    if mood == 4:
        time.sleep(60)
    if mood == 5:
        answer = {"id": number, "error": "too moody\\nto say"}
    if mood == 6:
        answer = {"id": number, "not_applicable": "too short"}
    if mood == 7:
        answer["id"] = 77
    if mood == 8:
        answer["scores"] = scores[:1]
    if mood == 9:
        answer["scores"] = [None, float("nan")]
    if mood == 10:
        answer["scores"] = ["1", True]
    if mood == 11:
        os.close(1)
        time.sleep(60)
    if mood == 12 and not os.path.exists(sys.argv[1]):
        open(sys.argv[1], "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if mood == 13:
        del answer["scores"]
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def moody(tmp_path):
    (tmp_path / "moody.py").write_text(MOODY)
    (tmp_path / "moody.yaml").write_text(f"command: {sys.executable} -S moody.py here\nhigher_is_better: true\n")
    metric = load_metric_apart(str(tmp_path / "moody.yaml"), {}, "cpu", 20.0)
    yield metric
    metric.rest()


def signals(mood=0, channels=2):
    batch = torch.linspace(-1, 1, 2 * channels * 50).reshape(2, channels, 50).clone()
    batch[0, 0, 0] = mood
    return batch


def test_it_is_started_once_and_hears_every_sample(moody, capfd):
    for mood in (0, 1, 2):
        batch = signals(mood)
        assert moody.score(batch, 8000).tolist() == pytest.approx(batch.double().sum(dim=(1, 2)).tolist(), abs=1e-3)
    process = moody._transport._conversation._program._process.pid
    reference = signals()[:, :, :25]
    with pytest.raises(ForeignMetricError, match="it answered 4 scores, expected 2"):
        moody.score(signals(), 8000, reference)
    assert moody._transport._conversation._program._process.pid == process
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "moody: loading\n" in printed.err
    assert "moody: {not json}\n" in printed.err
    assert max(map(len, printed.err.splitlines())) < 300


REFUSED = [
    (5, ForeignMetricError, r"^too moody to say$"),
    (6, NotApplicableError, r"^too short$"),
    (8, ForeignMetricError, r"^it answered 1 scores, expected 2$"),
    (10, ForeignMetricError, r"^it answered '1' as a score, expected a number$"),
    (13, ForeignMetricError, r"^its answer holds no scores"),
]
DEADLY = [
    (3, r"^its process ended \(exit code 7\): out of ideas$"),
    (7, r"^it answered request 77 where request 1 was its turn$"),
]


def test_what_it_refuses_costs_that_request_and_what_ends_it_a_new_process(moody):
    for mood, kind, text in REFUSED:
        with pytest.raises(kind, match=text):
            moody.score(signals(mood), 8000)
    assert moody.score(signals(9), 8000).isnan().all()
    moody.rest()
    for mood, text in DEADLY:
        with pytest.raises(MetricDiedError, match=text):
            moody.score(signals(mood), 8000)
    assert len(moody.score(signals(12), 8000)) == 2, "killed from outside, it was asked once more"


def test_one_that_does_not_answer_is_ended(moody, monkeypatch):
    monkeypatch.setattr(program, "END_SECONDS", 0.1)
    with pytest.raises(MetricDiedError, match=r"^its process closed its output$"):
        moody.score(signals(11), 8000)
    quick = pickle.loads(pickle.dumps(moody))
    quick._timeout = 0.5
    quick.score(signals(), 8000)
    with pytest.raises(MetricDiedError, match=r"^it did not answer within 0.5 s$"):
        quick.score(signals(4), 8000)
    assert len(quick.score(signals(), 8000)) == 2
    quick.rest()


def test_a_program_that_does_not_speak_it_is_said_so(tmp_path):
    metric = load_metric_apart("cmd:sh -c 'echo 1.5'", {"higher_is_better": True}, "cpu", 5.0)
    with pytest.raises(MetricDiedError, match=r"its process ended \(exit code 0\)"):
        metric.score(signals(), 8000)


def test_the_example(monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    metric = load_metric_apart(str(EXAMPLES / "loudest.yaml"), {}, "cpu", 20.0)
    assert (metric.name, metric.score_range) == ("loudest", (0, None))
    batch = torch.stack([torch.linspace(-0.5, 0.25, 300).reshape(2, 150), torch.full((2, 150), 2.0)])
    assert metric.score(batch, 44100).tolist() == [0.5, 2.0]
    metric.rest()
