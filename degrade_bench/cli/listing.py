"""What ``degrade-bench list`` shows, for programs and for reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from degrade_bench._support.later import imported_later
from degrade_bench._support.numbers import number
from degrade_bench._support.plain_text import plain
from degrade_bench._support.terminal import print_table, shown, table_of
from degrade_bench.errors import UnknownNameError


def listing(what: str, complain: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
    """The objects that ``degrade-bench list WHAT --json`` prints, without importing torch unless a plug-in does.

    Args:
        what: degradations, metrics or suites.
        complain: told of every plug-in that cannot be used.

    Raises:
        UnknownNameError: ``what`` cannot be listed.
    """
    with imported_later("torch", within="degrade_bench"):
        return _listing(what, complain)


def _listing(what: str, complain: Callable[[str], None]) -> list[dict[str, Any]]:
    if what == "degradations":
        from degrade_bench.degrade import catalogue

        usable, broken = catalogue.usable()
        for plugin in broken:
            complain(plain(f"left out: degradation {plugin.name}: {plugin.reason}"))
        return [degradation.describe() for degradation in (*usable, *catalogue.symbolic())]
    if what == "metrics":
        from degrade_bench.metric.catalogue import describe_metrics

        return describe_metrics()
    if what == "suites":
        from degrade_bench.degrade.suites import describe_suites

        return describe_suites()
    raise UnknownNameError("listing", what, ["degradations", "metrics", "suites"])


def print_listing(what: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Print a listing as a table.

    Args:
        what: degradations, metrics or suites.
        entries: what :func:`listing` gave.
    """
    if what == "degradations":
        table = table_of("name", "group", "family", "ladder", "what it does")
        for entry in entries:
            steps = ", ".join(number(step["strength"]) for step in entry["ladder"])
            unit = entry["ladder"][0]["unit"]
            cells = (entry["name"], entry["group"], entry["family"], f"{steps} {unit}", entry["summary"])
            table.add_row(*map(shown, cells))
    elif what == "metrics":
        from degrade_bench.metric.traits import HOME, domain_note

        table = table_of("name", "better", "reference", "what it measures")
        for entry in entries:
            direction = "higher" if entry["higher_is_better"] else "lower"
            reference = "full" if entry["needs_reference"] else "none"
            summary = entry["summary"]
            note = domain_note(entry.get("domain", HOME))
            if note is not None:
                summary += f" [{note}]"
            if entry.get("reason"):
                summary += f" [not available: {entry['reason']}]"
            table.add_row(*map(shown, (entry["name"], direction, reference, summary)))
    else:
        table = table_of("name", "degradations", "what for")
        for entry in entries:
            table.add_row(*map(shown, (entry["name"], ", ".join(entry["degradations"]), entry["summary"])))
    print_table(table)
