"""What the README and the docs say is so: commands, counts, links."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import typer

from degrade_bench.cli.app import app
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred"]
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
STATED = (
    ("README.md", "damages {clips} clips in more than {damages_tens} ways"),
    ("README.md", "changes the sound, in more than {signal_tens} ways"),
    ("README.md", "leaves the sound, in more than {structural_tens} ways"),
    ("CHANGELOG.md", "More than {signal_tens} signal and more than {structural_tens} structural degradations"),
    ("CHANGELOG.md", "and {control_word} controls"),
    ("degrade_bench/corpus/data/README.md", "{clips} clips of"),
)
"""Where a count stands. Of what grows often the tens are stated, so that most additions need no change there."""


def counts() -> dict[str, object]:
    """The counts, as numbers, in words, and the tens that they surpass."""
    groups = [catalogue.get(name).group for name in catalogue.names()]
    numbers = {group: groups.count(group) for group in ("signal", "structural", "control")}
    numbers["damages"] = numbers["signal"] + numbers["structural"]
    numbers["clips"] = len(builtin_sources())
    words = {f"{name}_word": DIGITS[number] for name, number in numbers.items() if number < len(DIGITS)}
    tens = {f"{name}_tens": TENS[(number - 1) // 10] for name, number in numbers.items()}
    return {**numbers, **words, **tens}


@pytest.mark.parametrize(("page", "phrase"), STATED)
def test_counts_are_those_of_the_registry(page, phrase):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert phrase.format(**counts()) in text


def test_ci_runs_the_readmes_test_command_word_for_word():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ways_in = [line for line in readme.splitlines() if line.startswith("python3 -m venv .venv && ")]
    (tested,) = (line for line in ways_in if "pytest" in line)
    command = tested.removeprefix("python3 -m venv .venv && . .venv/bin/activate && ")
    assert command.startswith("pip install '.[test]' && pytest")
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("failing", ["pip", "pytest", "ruff", "python", "mypy"])
def test_ci_fails_with_any_of_its_commands_and_stops_where_nothing_is_installed(failing, tmp_path):
    """With stand-ins for the tools, which only note that they were called."""
    calls = tmp_path / "calls"
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("pip", "pytest", "ruff", "python", "mypy", "python3"):
        status = int(tool == failing)
        (tools / tool).write_text(f'#!/bin/sh\necho {tool} >> "{calls}"\nexit {status}\n', encoding="utf-8")
        (tools / tool).chmod(0o755)
    # the stand-in for `python3 -m venv FOLDER` makes an environment that leaves PATH as it is
    (tools / "python3").write_text('#!/bin/sh\nmkdir -p "$3/bin" && : > "$3/bin/activate"\n', encoding="utf-8")
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    ended = subprocess.run(["bash", ROOT / ".ci" / "run"], env=environment, capture_output=True, timeout=60)
    assert ended.returncode != 0
    called = calls.read_text(encoding="utf-8").split()
    assert failing in called
    if failing == "pip":
        assert called == ["pip"], "nothing is tried without what it needs"
    if failing in ("ruff", "python", "mypy"):
        assert "pytest" in called
        assert called[-1] in (failing, "pytest"), f"the lint went on after {failing}: {called}"


def test_the_readme_lists_every_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `degrade-bench (\w+)", readme, flags=re.MULTILINE))
    assert listed == set(typer.main.get_command(app).commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []
