"""``report.html``: one file that opens from a mail attachment, plays its examples and asks the network nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from degrade_bench._support.files import write_text
from degrade_bench.analysis.verdicts import VERDICT_MARKS, VERDICT_MEANINGS
from degrade_bench.metric.domain import HOME, domain_note
from degrade_bench.reports.figures import Drawing, draw_and_save
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.reports.tables import (
    achieved_rows,
    control_rows,
    family_table,
    genre_tables,
    of_metric,
    people_table,
    selectivity_rows,
    verdict_rows,
)
from degrade_bench.reports.text import counts_line, failure_lines, metric_lines
from degrade_bench.reports.words import MARGINS, duration, fixed, number, records, when

REPORT = "report.html"

LICENCES = (
    "degrade-bench: Apache-2.0. Built-in corpus: CC0 1.0, rendered with the FluidR3 soundfont (MIT).",
    "pedalboard, which decodes, encodes and stretches: GPL-3.",
    "MuQ's weights, where MuQ-Eval was scored: CC-BY-NC 4.0.",
    "speechmos with the networks of DNSMOS, where that was scored: MIT.",
)


def write_report(folder: Path) -> Path:
    """Draw every figure of a run directory and write ``report.html``.

    Returns:
        the report's path.

    Raises:
        RunFolderError: there is no analysis or no record, or the folder cannot be written.
    """
    run = load_run(folder)
    drawings, vectors = draw_and_save(run)
    write_text(folder / REPORT, render(run, drawings, vectors))
    return folder / REPORT


def render(run: RunView, drawings: list[Drawing], vectors: Mapping[str, bytes]) -> str:
    """The page. Everything that comes from outside (names, reasons, paths) is escaped by the template engine."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("degrade_bench.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(num=number, fixed=fixed, seconds=duration, when=when)
    figures = {
        drawing.name: {
            "name": drawing.name,
            "title": drawing.title,
            "caption": drawing.caption,
            "alt": drawing.alt,
            "family": drawing.family,
            "width": drawing.width_rem,
            "uri": _data_uri("image/svg+xml", vectors[drawing.name]),
        }
        for drawing in drawings
    }
    analysis, record = run.analysis, run.record
    levels, verdicts, controls = records(analysis.levels), verdict_rows(run), control_rows(run)
    # records of earlier versions say nothing of a domain
    domains = {each["name"]: domain_note(each.get("domain", HOME)) for each in record.get("metrics", [])}
    return environment.get_template("report.html.j2").render(
        record=record,
        options=analysis.options,
        margins=MARGINS,
        counts=counts_line(record),
        failures=failure_lines(record, most=20),
        notes=metric_lines(record),
        failed=int(record.get("counts", {}).get("failed", 0)),
        figures=figures,
        curves=[figure for figure in figures.values() if figure["family"] is not None],
        marks=VERDICT_MARKS,
        meanings=VERDICT_MEANINGS,
        metrics=[
            facts
            | {
                "note": domains.get(facts["metric"]),
                "verdicts": of_metric(verdicts, facts["metric"]),
                "levels": of_metric(levels, facts["metric"]),
                "controls": of_metric(controls, facts["metric"]),
            }
            for facts in records(analysis.metrics)
        ],
        families=family_table(run),
        selectivity=selectivity_rows(run),
        people=people_table(run),
        genres=genre_tables(run),
        domains=domains,
        achieved=achieved_rows(run),
        examples=_examples(run),
        licences=LICENCES,
    )


def _examples(run: RunView) -> dict[str, Any] | None:
    """The clean example and the damaged ones by degradation, with their audio inside; None without any."""
    clean: dict[str, Any] | None = None
    damaged: dict[str, list[dict[str, Any]]] = {}
    for each in run.record.get("examples", []):
        path = run.folder / str(each["file"])
        try:
            example = {**each, "uri": _data_uri("audio/mpeg", path.read_bytes())}
        except OSError:
            continue  # a run directory that was passed on without its audio
        if each["degradation"] == "clean":
            clean = example
        else:
            damaged.setdefault(each["degradation"], []).append(example)
    if clean is None:
        return None
    return {"clean": clean, "damaged": damaged}


def _data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
