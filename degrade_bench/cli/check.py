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
    junit: Annotated[Path | None, typer.Option(help="write JUnit XML here", show_default=False)] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="write a table in Markdown here", show_default=False)
    ] = None,
) -> None:
    """Hold metrics to a file of expectations."""
    from degrade_bench.errors import ConfigError
    from degrade_bench.expect import reports
    from degrade_bench.expect.check import check_metrics, check_run
    from degrade_bench.expect.expectation_file import ExpectationFile

    if file is None:
        raise ConfigError("nothing to check: give a file of expectations")
    if out is not None and keep is not None:
        raise ConfigError("--keep is for what is scored; with --out nothing is")
    expected = ExpectationFile(file)
    if out is not None:
        findings = check_run(expected, out, metric or ())
    else:
        findings = check_metrics(expected, metric or (), keep)
    for line in reports.lines(findings):
        typer.echo(line)
    reports.write_reports(findings, (), junit, markdown)
    if any(finding.failed for finding in findings):
        raise typer.Exit(1)
