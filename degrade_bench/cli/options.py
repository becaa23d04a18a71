"""Options of the command line that take more than a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Inputs = Annotated[
    list[Path] | None,
    typer.Option(help="audio file, folder or manifest (CSV, JSONL); by default the built-in corpus"),
]
ReferenceSet = Annotated[
    list[Path] | None,
    typer.Option(help="clean music that set metrics compare with  [default: the clean clips]", show_default=False),
]
RENDERED = "a degradation, also as file.py:Name or package.module:Name; or its placebo (NAME_placebo)"
Degradations = Annotated[
    list[str] | None,
    typer.Option(help="single degradations: a name, package.module:Name, file.py:Name or file.py"),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        help="metrics: a name, package.module:Name, file.py:name, file.py, cmd:PROGRAM, http://…, or file.yaml; by "
        "default the panel, and MuQ-Eval where its weights are at hand"
    ),
]
MaxSeconds = Annotated[
    float | None, typer.Option(help="use so much of each recording at most  [default: all]", show_default=False)
]
ExcerptBegin = Annotated[
    str | None,
    typer.Option(
        help="where the part begins: start, middle, or after so many seconds  [default: start]",
        metavar="start|middle|SECONDS",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        help="score clips in planned looks until no verdict is inconclusive, corrected for looking more than once",
        metavar="concluded",
    ),
]
MaxClips = Annotated[int | None, typer.Option(help="with --until: the most clips  [default: all]")]
PlannedLooks = Annotated[
    int | None, typer.Option(help="with --until: at so many numbers of clips it is concluded  [default: 3]")
]
Workers = Annotated[
    int | None, typer.Option(help="processes  [default: one per core, if memory allows]", show_default=False)
]
EngineName = Annotated[
    str | None,
    typer.Option(help="local, or ray for a cluster: docs/cluster.md  [default: local]", metavar="local|ray"),
]
RayAddress = Annotated[
    str | None,
    typer.Option(help="of the cluster: auto, HOST:PORT, or local to start one  [default: auto]"),
]
DamageDevice = Annotated[
    str | None,
    typer.Option(
        help="where workers filter and transform signals: cpu, cuda, cuda:N  [default: cpu]", show_default=False
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what it will take, and write nothing")]
TimeLimit = Annotated[
    str | None,
    typer.Option(
        help="such as 30m or 8h: stop then, and keep what is finished  [default: no limit]", metavar="TIME"
    ),
]
MaxFailures = Annotated[
    int | None, typer.Option(help="cells that may fail before the exit code is 1  [default: 0]")
]
KeepGoing = Annotated[
    bool,
    typer.Option(
        "--keep-going", help="score the rest where a metric fails on all of its first cells; else that ends the run"
    ),
]
NoProbe = Annotated[
    bool, typer.Option("--no-probe", help="do not try plug-in metrics on two short clips before the run")
]
SoundFont = Annotated[
    Path | None, typer.Option(help="an SF2 or SF3 file that MIDI files are played on", show_default=False)
]
Windows = Annotated[
    int | None,
    typer.Option(
        help="so many parts of --max-seconds of each recording, evenly spread, as one track  [default: 1]"
    ),
]
MetricTimeout = Annotated[
    float | None,
    typer.Option(help="seconds that a plug-in metric may take for a batch; 0: no limit  [default: 600]"),
]
MetricPython = Annotated[
    str | None,
    typer.Option(
        help="another interpreter, which --metric file.py:Name is for; it needs nothing of this package",
        metavar="PATH",
        show_default=False,
    ),
]
MetricEnv = Annotated[
    str | None,
    typer.Option(
        help="likewise, in an environment that degrade-bench env made", metavar="NAME", show_default=False
    ),
]
Suites = Annotated[list[str] | None, typer.Option(help="suites, separated by commas: signal, quick, my_suite.yaml")]
Settings = Annotated[
    list[str] | None,
    typer.Option(help="a metric's setting, such as muq-eval.checkpoint=DIR", metavar="METRIC.KEY=VALUE"),
]
Margins = Annotated[
    list[str] | None,
    typer.Option(
        help="what counts as no drop: NUMBER, or METRIC=NUMBER  [default: from clean scores and controls]"
    ),
]
MarginsFrom = Annotated[
    Path | None,
    typer.Option(
        help="take margins and smallest effects from the analysis of another run of the same metrics",
        metavar="DIR",
        show_default=False,
    ),
]
Confidence = Annotated[float | None, typer.Option(help="of the intervals  [default: 0.95]")]
Alpha = Annotated[float | None, typer.Option(help="level of the tests  [default: 0.05]")]
MinTracks = Annotated[int | None, typer.Option(help="fewest recordings to conclude from  [default: 6]")]
Errors = Annotated[
    bool, typer.Option("--errors", help="instead: how often every claim is wrong at its boundary (hours)")
]
FloorQuantile = Annotated[float | None, typer.Option(help="of |drop| over the controls  [default: 0.95]")]
Resolution = Annotated[
    float | None,
    typer.Option(help="rules 1: least margin, as a share of the largest drop  [default: 0.01]"),
]
Effect = Annotated[
    float | None,
    typer.Option(help="smallest effect of interest, in standard deviations of clean scores  [default: 0.5]"),
]
FamilyAlpha = Annotated[
    float | None,
    typer.Option(help='chance that any "blind" or "faint" of a metric is wrong  [default: 0.1]'),
]
Rules = Annotated[
    int | None,
    typer.Option(help="which rules give the verdicts: 2, or 1 to make earlier results again  [default: 2]"),
]
PositiveControls = Annotated[
    list[str] | None,
    typer.Option(
        "--positive-control",
        help="a damage that shows that a metric hears something; may be repeated  [default: any damage]",
        metavar="DAMAGE",
    ),
]
NoPositiveControl = Annotated[
    bool, typer.Option("--no-positive-control", help="call metrics blind that nothing moved, too")
]
Distance = Annotated[str | None, typer.Option(help="the metric that measures physical change  [default: log-mel]")]
AssumedMargin = Annotated[
    float | None,
    typer.Option(help="with --reliability: what counts as no drop  [default: what follows from the reliability]"),
]
Reliability = Annotated[
    float | None, typer.Option(help="share of a metric's variance between clips that is not noise")
]
