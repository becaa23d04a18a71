"""Names and reasons on the terminal: shown as they are, whatever they hold."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from degrade_bench._support.terminal import PlainConsole, shown
from degrade_bench.cli.listing import print_listing
from degrade_bench.cli.power import print_plan
from degrade_bench.conclude import Plan

NAMES = (
    *("[red]x[/red]", "[/]", "[link=http://a.b]c[/link]", "\\[x]", ":smile:", "\x1b[2J", "\x9b2J", "a\rb", "a\nb"),
    *("\u202egnp.exe", "\x07", "\x1b]0;title\x07", "\u2028", "{x}", "%s"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_in_a_line_and_in_a_table(name):
    stream = io.StringIO()
    console = PlainConsole(file=stream, force_terminal=True, width=80, highlight=False, soft_wrap=True)
    console.print(f"left out: {name}")
    table = Table(box=None, show_header=False)
    table.add_row(shown(name))
    console.print(table)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    if name.isprintable():
        assert all(name in line for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_plans_and_listings_take_any_name(name, capsys):
    print_plan([Plan(name, name, 8, 1.0, 0.1, 0.2, 0.2, 5, None)], 0.9)
    entry = {"name": name, "summary": name, "group": name, "family": name, "degradations": [name]}
    print_listing("suites", [entry])
    print_listing("metrics", [{**entry, "higher_is_better": True, "needs_reference": False, "reason": name}])
    print_listing("degradations", [{**entry, "ladder": [{"strength": 1.0, "unit": name}]}])
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.splitlines())


def test_a_console_of_richs_would_not_do():
    stream = io.StringIO()
    Console(file=stream).print("[red]x[/red]")
    assert "[red]" not in stream.getvalue()
