"""Names and reasons on the terminal: shown as they are, whatever they hold."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from degrade_bench._support.terminal import PlainConsole, print_table, shown, table_of
from degrade_bench.cli.listing import print_listing
from degrade_bench.cli.power import print_plan
from degrade_bench.cli.report import listed
from degrade_bench.conclude import Plan
from degrade_bench.sweep.config import RunConfig

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


LONG = "a_name_that_is_far_longer_than_half_of_a_terminal_of_eighty_columns"


@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_a_table_cuts_no_name_and_where_it_is_piped_no_row(capsys, monkeypatch, on_a_terminal):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    if on_a_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    table = table_of("name", "what", "n>")
    table.add_row(LONG, "words and more words, " * 8, "3")
    print_table(table)
    printed = capsys.readouterr().out
    assert LONG in printed
    assert "…" not in printed
    assert ("\x1b" in printed) == on_a_terminal
    assert (len(printed.splitlines()) == 2) == (not on_a_terminal)
    assert all(line == line.rstrip() for line in printed.splitlines()) or on_a_terminal


def test_help_says_every_default(call):
    code, printed, _ = call("run", "--help")
    assert code == 0
    options = [" ".join(text.split()) for text in printed.split("\n  --")]
    for name, field in RunConfig.model_fields.items():
        if (
            isinstance(field.default, int | float | str)
            and not isinstance(field.default, bool)
            and name != "workers"
        ):
            (about,) = (text for text in options if text.startswith(f"{name.replace('_', '-')} "))
            value = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            assert f"[default: {value}]" in about
    for words in ("[default: all five]", "[default: one per core, if memory allows]"):
        assert words in " ".join(printed.split())


def test_a_report_is_asked_for_by_its_metrics_families_formats_and_title(call, monkeypatch, tmp_path):
    asked = []

    def write(folder, choice):
        asked.append(choice)
        return folder / choice.files[0]

    monkeypatch.setattr("degrade_bench.cli.progress.show_with_progress", write)
    arguments = ("--metrics", "a,b", "--metrics", "c", "--families", "noise", "--format", "md,html", "--title", "T")
    code, printed, _ = call("report", tmp_path, *arguments)
    assert code == 0
    assert printed == f"wrote {tmp_path / 'report.md'}\nwrote {tmp_path / 'report.html'}\n"
    (choice,) = asked
    assert (choice.metrics, choice.families, choice.title) == (("a", "b", "c"), ("noise",), "T")
    code, _, said = call("report", tmp_path, "--format", "doc")
    assert (code, said) == (2, "degrade-bench: a report is html, md, pdf; got doc\n")
    assert listed(None) == ()
