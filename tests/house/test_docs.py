"""The docs: every anchor is there, every command parses, the lines of the FAQ are lines that the program says."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import typer

from degrade_bench.cli.app import app

ROOT = Path(__file__).parents[2]
NAMED = ("README.md", "CONTRIBUTING.md", "examples/README.md")
PAGES = [*(ROOT / name for name in NAMED), *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAM = "degrade-bench"
PLACEHOLDERS = {"L": "3", "N": "3", "R": "0.9", "RUNS": "3"}
"""Names in the docs that stand for numbers; all others will do as texts and paths."""


def without_code(text: str) -> str:
    return FENCED.sub("", text)


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors that a code host gives the headings of a page."""
    found: list[str] = []
    for heading in re.findall(r"^#+ +(.+?) *$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return frozenset(found)


def anchored(page: Path) -> list[tuple[Path, str]]:
    links = re.findall(r"\]\(([^)\s#]*)#([^)\s]+)\)", without_code(page.read_text(encoding="utf-8")))
    return [((page.parent / file).resolve() if file else page, anchor) for file, anchor in links if ":" not in file]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_anchor_that_a_page_refers_to_is_there(page):
    missing = [f"{file.name}#{anchor}" for file, anchor in anchored(page) if anchor not in anchors(file)]
    assert missing == []


def commands(page: Path) -> list[str]:
    """What a page says to type: lines of shell, and commands within a sentence that are whole."""
    text = page.read_text(encoding="utf-8")
    blocks = [body for kind, body in FENCED.findall(text) if kind in ("sh", "console", "")]
    lines = [line for body in blocks for line in re.sub(r"\\\n\s*", "", body).splitlines()]
    typed = [part for line in lines for part in re.split(r" && | \| ", line.partition("  #")[0])]
    within = [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", without_code(text))]
    found = [part.strip() for part in (*typed, *within) if part.strip().startswith(f"{PROGRAM} ")]
    return [command for command in dict.fromkeys(found) if "…" not in command]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda path: path.name)
def test_every_command_parses(page):
    group = typer.main.get_command(app)
    for command in commands(page):
        words = [PLACEHOLDERS.get(word, word) for word in shlex.split(command)[1:]]
        if words[0].startswith("-"):
            continue
        assert words[0] in group.commands, command
        verb = group.commands[words[0]]
        only_named = not words[1:]
        try:
            verb.make_context(verb.name, words[1:], resilient_parsing=only_named)
        except Exception as error:  # of click, whose copy in typer is not public
            pytest.fail(f"{command}: {error}")


def test_the_lines_of_the_faq_are_said():
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "degrade_bench").rglob("*.py"))
    source = re.sub(r'"\s*\n\s*f?"', "", source)  # a text over several lines
    faq = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
    lines = re.findall(r"^### `([^`]+)`", faq, re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        for part in re.split(r"…:?", line):
            assert part.strip() in source, line
