"""CONTRIBUTING's recipes, followed to the letter in a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_TOUCHED = 2
"""Files of the tree that a recipe may change, beside those that are new."""

PYTEST = "pytest "
"""How a line begins that runs tests."""

HEADING = re.compile(r"^### Recipe: (.+)$", re.MULTILINE)
BLOCK = re.compile(r"(?:^\*\*`([^`\n]+)`\*\*\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_COPIED = (".*", "__pycache__", "build", "dist", "out", "*.egg-info")


@dataclass(frozen=True)
class Recipe:
    """A recipe, as its blocks say it.

    Attributes:
        files: texts of new files by their paths.
        changes: diffs of files that are there.
        lines: shell commands, in their order, each on a line.
    """

    files: dict[str, str]
    changes: tuple[str, ...]
    lines: tuple[str, ...]


def read_recipes() -> dict[str, Recipe]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = HEADING.split(text)[1:]
    recipes = {}
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        blocks = BLOCK.findall(body)
        recipes[title] = Recipe(
            files={path: content for path, _, content in blocks if path},
            changes=tuple(content for path, kind, content in blocks if kind == "diff"),
            lines=tuple(
                line
                for _, kind, content in blocks
                if kind == "sh"
                for line in content.replace("\\\n", " ").splitlines()
            ),
        )
    return recipes


RECIPES = read_recipes()


def environment(copy: Path) -> dict[str, str]:
    """This process's, with the copy in front, and without what pytest told its workers."""
    told = ("PYTEST_", "COV_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(told)}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
    return {**kept, "PATH": path, "PYTHONPATH": str(copy)}


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder by their paths, without what running Python leaves there."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".pytest_cache", ".hypothesis"} & set(path.parts)
    }


def test_there_are_four():
    assert list(RECIPES) == ["a degradation", "a metric", "a statistic", "a section of the report"]
    for recipe in RECIPES.values():
        assert recipe.files
        assert recipe.changes
        assert any(line.startswith(PYTEST) for line in recipe.lines)


def test_a_recipe_touches_two_files_at_most_and_its_tests_pass(tmp_path):
    """In one copy, one recipe after the other; then their tests, where each file is run once.

    All four ask for the tests of the house, so these meet what all four have made.
    """
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    shutil.copytree(ROOT / ".ci", copy / ".ci")
    for title, recipe in RECIPES.items():
        before = contents(copy)
        for path, text in recipe.files.items():
            assert path not in before
            (copy / path).write_text(text, encoding="utf-8")
        for change in recipe.changes:
            run(["git", "apply", "--recount", "-"], copy, change)
        for line in recipe.lines:
            if not line.startswith(PYTEST):
                run(["bash", "-euo", "pipefail", "-c", line], copy)
        after = contents(copy)
        touched = [path for path, content in before.items() if after[path] != content]
        assert 1 <= len(touched) <= MOST_TOUCHED, (title, touched)
    lines = [line for recipe in RECIPES.values() for line in recipe.lines if line.startswith(PYTEST)]
    selected = [line for line in lines if " -k " in line]
    files = dict.fromkeys(name for line in lines if line not in selected for name in line.split()[1:])
    assert all((copy / name).is_file() for name in files)
    for line in (PYTEST + " ".join(files), *selected):
        run(["bash", "-euo", "pipefail", "-c", line], copy)


def run(command: list[str], folder: Path, given: str | None = None) -> None:
    """Run a command in a folder; it must succeed.

    Args:
        command: and its arguments.
        folder: where it runs.
        given: its standard input.
    """
    done = subprocess.run(command, cwd=folder, env=environment(folder), input=given, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
