"""Every example runs, by the command that its page names, on short clips and little damage."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import sys
import threading
from dataclasses import replace
from http.server import HTTPServer
from pathlib import Path

import pandas as pd
import pytest

import degrade_bench
from degrade_bench import bench
from degrade_bench.cli import app as cli
from degrade_bench.clip.audio import write_audio
from degrade_bench.degrade import suites
from degrade_bench.expect import session
from degrade_bench.metric.outside.environments import FOLDER_VARIABLE, INTERPRETER, MADE
from degrade_bench.runs.set_values import read_set_values
from degrade_bench.sweep.config import make_config
from tests.conftest import make_clip

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (.+) \| `([^`]+)` \|$", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE)
COMMANDS = [command for _, command in ROWS]
RUNS = [command for command in COMMANDS if command.startswith("degrade-bench run ")]
OF_SETS = [command for command in RUNS if "set_metric.py" in command]
CHECKS = [command for command in COMMANDS if command.startswith("degrade-bench check ")]
SCRIPTS = [command.split()[1] for command in COMMANDS if command.startswith("python ")]
CONTROLS = ("gain", "polarity")
SHORT = {"levels": (5,), "workers": 1}


@pytest.fixture(scope="module")
def clips():
    return [make_clip(4.0, 16000, 2)]


@pytest.fixture
def place(tmp_path, monkeypatch, clips):
    """A folder with nothing but the examples and a clip; an environment that nothing has to be installed in."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    write_audio(tmp_path / "short.wav", clips[0].samples, clips[0].sample_rate)
    requires = re.search(r"requires: \[(.*)\]", (tmp_path / "examples/outside/old_numpy.yaml").read_text())
    environment = tmp_path / "envs" / "sharpness"
    (environment / INTERPRETER).parent.mkdir(parents=True)
    (environment / INTERPRETER).symlink_to(sys.executable)
    (environment / MADE).write_text(json.dumps({"requires": requires[1].split(", "), "python": None}))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "envs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def two_controls(monkeypatch):
    """What an example costs is mostly what all runs do: here with two of the controls."""

    def fewer(name):
        found = suite(name)
        if name != "control":
            return found
        return replace(found, degradations=tuple(one for one in found.degradations if one.name in CONTROLS))

    suite = suites.suite
    monkeypatch.setattr(suites, "suite", fewer)


@pytest.fixture
def stressed(monkeypatch, clips, tmp_path):
    """What ``stress_test`` gives in an example; it is given short clips."""
    results = []

    def stress_test(metric, degradations=("white_noise",), **options):
        out = tmp_path / "out"
        given = {"clips": clips, "out": out, "progress": False, **SHORT, **options}
        results.append(test(metric, degradations=degradations, **given))
        return results[-1]

    test = degrade_bench.stress_test
    monkeypatch.setattr(degrade_bench, "stress_test", stress_test, raising=False)
    return results


def test_every_example_stands_on_the_page():
    page = "\n".join(map(" ".join, ROWS))
    for path in (ROOT / "examples").rglob("*.*"):
        if path.name != "README.md" and "__pycache__" not in path.parts:
            assert path.relative_to(ROOT / "examples").as_posix() in page
    assert len(RUNS) + len(SCRIPTS) + len(CHECKS) + 1 == len(COMMANDS)


@pytest.fixture
def port():
    """Where the server of the example listens."""
    roughness = runpy.run_path(str(ROOT / "examples" / "outside" / "server.py"), run_name="server")["Roughness"]
    with HTTPServer(("127.0.0.1", 0), roughness) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def united(port: int) -> list[str]:
    """All commands as one run, but that with sets: whatever one of them says beside the quick suite, once."""
    words: dict[tuple[str, str], None] = {}
    for command in RUNS:
        if command in OF_SETS:
            continue
        options = shlex.split(command)[2:]
        for name, value in zip(options[::2], options[1::2], strict=True):
            value = value.replace(":8000/", f":{port}/").replace("cmd:python ", f"cmd:{sys.executable} ")
            if value != "quick":
                words[name, value] = None
    return ["run", *(word for pair in words for word in pair)]


def test_the_commands_end_with_scores(place, port, capsys):
    small = ["--input", "short.wav", "--levels", "5", "--workers", "1"]
    with pytest.raises(SystemExit) as ended:
        cli.main([*united(port), *small])
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    assert printed.err.count("warning") == 1, "of one recording, and of no metric"
    assert printed.err.startswith("warning: 1 recording × 4 damages: no verdict is possible")
    scores = pd.read_parquet(place / "out" / "scores.parquet")
    assert set(scores["metric"]) == {"convolved", "sharpness", "level", "loudest", "roughness"}
    assert {"tremolo", "kitchen_radio", "white_noise", "low_pass"} < set(scores["degradation"])
    assert scores["status"].eq("ok").all()
    assert scores.groupby("metric")["score"].nunique().min() > 1


def test_a_metric_of_sets_has_a_value_for_every_set(place):
    (command,) = OF_SETS
    (place / "music").mkdir()
    for seed in range(3):
        clip = make_clip(1.0, 16000, 1, seed=seed)
        write_audio(place / "music" / f"{seed}.wav", clip.samples, clip.sample_rate)
    words = shlex.split(command)
    asked = {"metric": words[words.index("--metric") + 1], "degradation": ["white_noise"], "levels": (1, 5)}
    bench.run(make_config({**asked, "input": "music", "out": "out", "probe": False}), report=False)
    values = {(value.degradation, value.level): value for value in read_set_values(place / "out")}
    assert {(value.metric, value.clips, value.dim) for value in values.values()} == {("band-spread", 3, 8)}
    assert 0 < values["white_noise", 1].value < values["white_noise", 5].value


def test_expectations_are_scored_and_met(place, monkeypatch, capsys):
    (command,) = CHECKS
    clips = [make_clip(1.0, 16000, 1, seed=seed) for seed in range(6)]

    def score(metric, **asked):
        return stress_test(metric, **{**asked, "clips": clips, "levels": (1, 5), "workers": 1})

    stress_test = session.stress_test
    monkeypatch.setattr(session, "stress_test", score)
    with pytest.raises(SystemExit) as ended:
        cli.main(shlex.split(command)[1:])
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.out + printed.err
    assert printed.out.count("PASS") == 2


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_prints_its_verdicts(script, place, stressed, capsys):
    runpy.run_path(script, run_name="__main__")
    assert f"report: {place / 'out'}" in capsys.readouterr().out
    assert stressed[0].failed == 0


def test_five_lines_are_five():
    lines = (ROOT / "examples" / "five_lines.py").read_text().partition('"""\n')[2].splitlines()
    assert len([line for line in lines if line.strip()]) == 5


def test_the_notebook_ends_in_a_figure(place, stressed, monkeypatch):
    import matplotlib

    matplotlib.use("agg")
    notebook = json.loads((place / "examples" / "figure.ipynb").read_text())
    variables: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "figure.ipynb", "exec"), variables)
    assert (place / "drops.pdf").read_bytes().startswith(b"%PDF")
    assert len(stressed) == 1
