"""The GitHub Action: what it declares, its shell lines, and the check itself with a stand-in for the program."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from degrade_bench.cli.app import app

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
SCRIPTS = [step for step in STEPS if "run" in step]
STAND_IN = '#!/bin/sh\nprintf "%s\\n" "$0" "$@" >> calls\nexit "${STATUS:-0}"\n'


def test_every_input_is_described_used_and_documented():
    text = yaml.safe_dump(ACTION["runs"])
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(ACTION["inputs"])
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for name, declared in ACTION["inputs"].items():
        assert declared["description"], name
        assert f"`{name}`" in page, name


def test_it_is_composite_and_what_it_uses_is_pinned():
    assert ACTION["runs"]["using"] == "composite"
    assert all(("uses" in step) != ("run" in step) for step in STEPS)
    for step in STEPS:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", step["uses"])
        else:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"]  # an input is no part of a script: it could hold commands


@pytest.mark.parametrize("step", SCRIPTS, ids=lambda step: step["name"])
def test_its_scripts_are_bash(step):
    done = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def ran(folder: Path, name: str, **environment: str) -> tuple[int, list[str]]:
    """Run a step in a folder with stand-ins for the programs; gives its exit code, and what was called."""
    (step,) = (step for step in SCRIPTS if step["name"] == name)
    for tool in ("python", "degrade-bench"):
        (folder / tool).write_text(STAND_IN)
        (folder / tool).chmod(0o755)
    given = {**dict.fromkeys(step["env"], ""), **environment, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]  # as runners start it
    done = subprocess.run(command, cwd=folder, env=given, text=True, capture_output=True, timeout=60)
    calls = folder / "calls"
    return done.returncode, calls.read_text().splitlines() if calls.exists() else [done.stderr]


def test_the_check_is_called_with_what_was_asked(tmp_path):
    asked = {"EXPECTATIONS": "my file.yaml", "OUT": "out", "BASELINE": "old", "METRIC": "a b", "KEEP": "kept"}
    code, calls = ran(tmp_path, "Check the metrics", REPORTS="r", **asked)
    arguments = ["--out", "out", "--baseline", "old", "--keep", "kept", "--metric", "a", "--metric", "b"]
    written = ["--junit", "r/junit.xml", "--markdown", "r/check.md"]
    assert (code, calls[1:]) == (0, ["check", "my file.yaml", *arguments, *written])
    options = {option for one in typer.main.get_command(app).commands["check"].params for option in one.opts}
    assert {argument for argument in calls if argument.startswith("--")} <= options


def test_a_check_that_fails_fails_the_step(tmp_path):
    code, calls = ran(tmp_path, "Check the metrics", EXPECTATIONS="e.yaml", REPORTS="r", STATUS="1")
    assert code == 1
    assert calls[1:4] == ["check", "e.yaml", "--junit"]


def test_what_is_installed(tmp_path):
    code, calls = ran(tmp_path, "Install degrade-bench", PACKAGE="my package", REQUIREMENTS="-r a.txt")
    assert (code, calls[1:]) == (0, ["-m", "pip", "install", "my package", "-r", "a.txt"])


def test_what_was_found_is_the_jobs_summary(tmp_path):
    (tmp_path / "check.md").write_text("found\n")
    assert ran(tmp_path, "Say what was found", REPORTS=".", GITHUB_STEP_SUMMARY="summary")[0] == 0
    assert (tmp_path / "summary").read_text() == "found\n"
    assert ran(tmp_path, "Say what was found", REPORTS="nowhere", GITHUB_STEP_SUMMARY="summary")[0] == 0
