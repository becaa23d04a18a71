"""``report.html``: one file that opens from a mail attachment, plays its examples and asks the network nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from degrade_bench._support.files import write_text
from degrade_bench._support.numbers import with_unit
from degrade_bench._support.plain_text import plain
from degrade_bench._support.steps import Steps, silent
from degrade_bench.analysis.looks import told
from degrade_bench.analysis.verdicts import VERDICT_NAMES
from degrade_bench.reports.figures.drawing import Drawing, Saved, house_style, save
from degrade_bench.reports.figures.helpers import usual_helpers
from degrade_bench.reports.inline import data_uri
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.next_step import next_step
from degrade_bench.reports.sections import SECTIONS, Section
from degrade_bench.reports.text import (
    alike_failures,
    left_out,
    left_out_named,
    metric_lines,
    more_failures,
    probe_lines,
    scored,
)
from degrade_bench.reports.words import duration, fixed, listed, number, p_value, percent, when, within
from degrade_bench.runs.names import FIGURES, REPORT
from degrade_bench.runs.ownership import claim

if TYPE_CHECKING:
    from jinja2 import Environment

SCRIPTS = ("players.js", "figures.js", "tables.js")
"""Beside the templates; written for this page, since a kept library for tables or plots is ten times as long as
what is asked of it here, and none switches between players without a gap. Without scripts all of it is there."""

FAILURES = 20
"""Reasons of failures that are named at the head of the page, at most."""

Figures = Mapping[str, Sequence[Mapping[str, Any]]]
"""What the templates show of figures, by the section's id."""


def write_page(run: RunView, steps: Steps = silent, whole: bool = True) -> None:
    """Draw every figure of a run and write ``report.html``.

    Args:
        run: with its analysis.
        steps: told how many figures are done.
        whole: whether all of the run is shown: other processes, which know no less, then help to draw.

    Raises:
        RunFolderError: the folder cannot be written, or holds files of these names that are not ours.
    """
    folder = run.folder
    claim(folder, [REPORT])
    rows = _rows(run, SECTIONS)  # before anything is drawn: what is refused is refused at once
    with house_style():
        drawings = draw(run)
        every = [drawing for several in drawings.values() for drawing in several]
        saved = save(every, folder, steps, usual_helpers(len(every)) if whole else 0)
        figures = {
            section: [_figure(drawing, saved[drawing.name]) for drawing in several]
            for section, several in drawings.items()
        }
    write_text(folder / REPORT, _page(run, figures, rows))


def draw(run: RunView) -> dict[str, list[Drawing]]:
    """The figures of every section, by the section's id; call within ``house_style``."""
    return {section.id: section.drawings(run) for section in SECTIONS}


def render(run: RunView, figures: Figures, sections: Iterable[Section] = SECTIONS) -> str:
    """The page. Everything that comes from outside (names, reasons, paths) is escaped by the template engine.

    Args:
        run: the finished run.
        figures: each section's figures, by the section's id, as :class:`~degrade_bench.reports.sections.Section`
            describes them.
        sections: what the page is made of, in this order; those that do not apply are left out.
    """
    return _page(run, figures, _rows(run, sections))


Rows = Mapping[Section, Mapping[str, Any]]
"""What the template of each section shows; sections that do not apply are left out."""


def _rows(run: RunView, sections: Iterable[Section]) -> Rows:
    asked = {section: section.rows(run) for section in sections}
    return {section: rows for section, rows in asked.items() if rows is not None}


def _page(run: RunView, figures: Figures, rows: Rows) -> str:
    environment = page_environment()
    bodies = {
        section: environment.get_template(section.template).render(shown, figures=figures.get(section.id, []))
        for section, shown in rows.items()
    }
    return environment.get_template("report.html.j2").render(
        _head(run), bodies=bodies, **page_script(environment, SCRIPTS)
    )


def page_script(environment: Environment, names: Iterable[str]) -> dict[str, str]:
    """What a page does when it is asked: the only script that its browser may run, and the hash that allows it.

    Args:
        environment: of the templates.
        names: files beside the templates.
    """
    assert environment.loader is not None
    script = "".join(environment.loader.get_source(environment, name)[0] for name in names)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return {"script": script, "script_hash": f"sha256-{allowed}"}


def _head(run: RunView) -> dict[str, Any]:
    """What stands at the head of the page: what was scored, what was left out, what failed."""
    record = run.record
    failures = alike_failures(record)[:FAILURES]
    return {
        "request": record.request,
        "running": record.state == "running",
        "looks": told(run.analysis.looks),
        "title": run.title,
        "shown": run.shown,
        "too_few": run.too_few,
        "next": next_step(run).rstrip("."),
        "left_out": left_out(record),
        "left_out_named": left_out_named(record),
        "counts": scored(run),
        "failed": record.counts.failed,
        "failures": failures,
        "more_failures": more_failures(record, failures),
        "probed": probe_lines(record),
        "notes": metric_lines(record),
        "metrics": run.metrics,
        "groups": list(dict.fromkeys(run.analysis.verdicts["group"])),
        "verdicts": [name for name in VERDICT_NAMES if (run.analysis.verdicts["verdict"] == name).any()],
    }


def page_environment() -> Environment:
    """The templates: what comes from outside is escaped, and a name that is not there is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("degrade_bench.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.filters.update(num=number, fixed=fixed, within=within, p=p_value, percent=percent, listed=listed)
    environment.filters.update(seconds=duration, when=when, unit=with_unit)
    return environment


def _readable(value: Any) -> Any:
    """A text from outside without characters that would turn or end the text around it; anything else as it is."""
    return plain(value) if type(value) is str else value


def _figure(drawing: Drawing, saved: Saved) -> dict[str, Any]:
    return {
        "name": drawing.name,
        "caption": drawing.caption,
        "alt": drawing.alt,
        "heading": drawing.heading,
        "width": saved.width_rem,
        "uri": data_uri("image/svg+xml", saved.svg),
        "pdf": quote(f"{FIGURES}/{drawing.name}.pdf"),
        "points": None if drawing.points is None else drawing.points(),
    }
