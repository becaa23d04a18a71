"""``report.html``: one file that opens from a mail attachment, plays its examples and asks the network nothing."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from degrade_bench.files import write_text
from degrade_bench.metric.domain import HOME, domain_note
from degrade_bench.reports.figures import Drawing, draw_and_save
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.reports.style import VERDICT_MARKS
from degrade_bench.reports.text import counts_line, failure_lines, metric_lines

REPORT = "report.html"

VERDICT_MEANINGS = {
    "sensitive": "the score falls beyond the margin and beyond the placebo",
    "artefact": "it falls, but no more than under the placebo: the processing was heard, not the damage",
    "blind": "at every level the drop was shown to lie within the margin, by an equivalence test",
    "inverted": "the score improves with the damage",
    "inconclusive": "the clips do not suffice to say any of this",
    "not-applicable": "the question does not arise, such as a sample-aligned metric on a tempo change",
}

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
    environment.filters.update(num=number, seconds=duration, when=when)
    figures = [
        {
            "name": drawing.name,
            "title": drawing.title,
            "caption": drawing.caption,
            "alt": drawing.alt,
            "family": drawing.family,
            "uri": _data_uri("image/svg+xml", vectors[drawing.name]),
        }
        for drawing in drawings
    ]
    analysis, record = run.analysis, run.record
    levels = records(analysis.levels)
    # records of earlier versions say nothing of a domain
    domains = {each["name"]: domain_note(each.get("domain", HOME)) for each in record.get("metrics", [])}
    return environment.get_template("report.html.j2").render(
        record=record,
        options=analysis.options,
        counts=counts_line(record),
        failures=failure_lines(record, most=20),
        notes=metric_lines(record),
        failed=int(record.get("counts", {}).get("failed", 0)),
        heat_map=figures[0],
        curves=figures[1:],
        marks=VERDICT_MARKS,
        meanings=VERDICT_MEANINGS,
        metrics=[
            facts
            | {
                "note": domains.get(facts["metric"]),
                "verdicts": [row for row in records(analysis.verdicts) if row["metric"] == facts["metric"]],
                "levels": [row for row in levels if row["metric"] == facts["metric"]],
                "controls": [row for row in records(analysis.controls) if row["metric"] == facts["metric"]],
            }
            for facts in records(analysis.metrics)
        ],
        domains=domains,
        achieved=_achieved(run),
        examples=_examples(run),
        licences=LICENCES,
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows with None for what is missing."""
    return [
        {str(key): None if _missing(value) else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _achieved(run: RunView) -> list[dict[str, Any]]:
    summaries = {each["name"]: each["summary"] for each in run.record.get("degradations", [])}
    rows: dict[str, dict[str, Any]] = {}
    for row in records(run.analysis.achieved):
        entry = rows.setdefault(
            row["degradation"],
            {**row, "summary": summaries.get(row["degradation"], ""), "steps": []},
        )
        entry["steps"].append(row)
    return list(rows.values())


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


def number(value: Any, digits: int = 3) -> str:
    """A number with so many significant digits, a true minus, no exponent where it can be avoided; – for none."""
    if _missing(value):
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-4 <= abs(value) < 1e6:
        text = f"{value:.0f}" if abs(value) >= 1 else f"{value:.6f}".rstrip("0")
    return text.replace("-", "−")


def duration(seconds: Any) -> str:
    """Such as ``8 min 4 s``; – for none."""
    if _missing(seconds):
        return "–"
    minutes, rest = divmod(round(float(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest} s" if not hours else ""]
    return " ".join(part for part in parts if part)


def when(stamp: Any) -> str:
    """An ISO time stamp for reading."""
    return str(stamp).replace("T", " ").replace("+00:00", " UTC") if stamp else "–"
