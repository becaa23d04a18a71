"""``degrade-bench check``: metrics held to what is expected of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Hold metrics to a file of expectations, or to an earlier run; exit code 1: something was not shown."


def check(
    file: Annotated[Path | None, typer.Argument(help="expectations, as YAML", show_default=False)] = None,
    out: Annotated[
        Path | None, typer.Option(help="a finished run; without, what is needed is scored", show_default=False)
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="only this metric, or the one where the file names none")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="keep what is scored here, and go on with it", show_default=False)
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="an earlier run that --out is compared with", show_default=False)
    ] = None,
    tolerance: Annotated[float, typer.Option(help="with --baseline: the share of a drop that may be lost")] = 0.1,
    junit: Annotated[Path | None, typer.Option(help="write JUnit XML here", show_default=False)] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="write a table in Markdown here", show_default=False)
    ] = None,
) -> None:
    """Hold metrics to a file of expectations, or to an earlier run.

    Args:
        file: the expectations.
        out: a finished run.
        metric: only these, and these where the file names none.
        keep: where what is scored is kept.
        baseline: an earlier run.
        tolerance: the share of a drop that may be lost.
        junit: for JUnit XML.
        markdown: for Markdown.
    """
    from degrade_bench.errors import ConfigError
    from degrade_bench.expect import reports
    from degrade_bench.expect.baseline import against_baseline
    from degrade_bench.expect.check import check_metrics, check_run
    from degrade_bench.expect.expectation_file import ExpectationFile
    from degrade_bench.expect.outcome import Finding

    if file is None and baseline is None:
        raise ConfigError("nothing to check: give a file of expectations, or --out OUT --baseline EARLIER")
    if out is not None and keep is not None:
        raise ConfigError("--keep is for what is scored; with --out nothing is")
    if baseline is not None and out is None:
        raise ConfigError("--baseline needs --out, the run that is compared with it")
    findings: list[Finding] = []
    notes: list[str] = []
    if file is not None:
        expected = ExpectationFile(file)
        if out is not None:
            findings += check_run(expected, out, metric or ())
        else:
            findings += check_metrics(expected, metric or (), keep)
    if baseline is not None and out is not None:
        compared, notes = against_baseline(out, baseline, metric or (), tolerance)
        findings += compared
    for line in reports.lines(findings, notes):
        typer.echo(line)
    reports.write_reports(findings, notes, junit, markdown)
    if any(finding.failed for finding in findings):
        raise typer.Exit(1)
