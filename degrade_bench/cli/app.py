"""The command line. Every verb calls one function; nothing is decided here.

Heavy imports wait until a verb needs them, so that ``--help`` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from degrade_bench._version import __version__
from degrade_bench.cli import card as carding
from degrade_bench.cli import check as checking
from degrade_bench.cli import compare as comparing
from degrade_bench.cli import export as exporting
from degrade_bench.cli import gate as gating
from degrade_bench.cli import leaderboard as leading
from degrade_bench.cli import options as option
from degrade_bench.cli import report as reporting
from degrade_bench.cli.environments import HELP, env
from degrade_bench.cli.streams import printing, refused, shown
from degrade_bench.errors import DegradeBenchError

app = typer.Typer(
    name="degrade-bench",
    help="Find out what a music quality metric hears, and to what it is deaf.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # which takes "[default: 0]" for a style and drops it
    context_settings={"help_option_names": ["-h", "--help"]},
)

_UsageError: Any = typer.BadParameter.__bases__[0]
"""A wrong command line. Older typer uses click and newer typer its own copy of it: this is either one's."""

Folder = Annotated[Path, typer.Argument(help="a run directory", show_default=False)]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="print the version and stop"),
    ] = False,
) -> None:
    """Find out what a music quality metric hears, and to what it is deaf."""


@app.command(no_args_is_help=True)
def run(
    out: Annotated[Path | None, typer.Option(help="the run directory", show_default=False)] = None,
    suite: option.Suites = None,
    degradation: option.Degradations = None,
    input: option.Inputs = None,
    reference_set: option.ReferenceSet = None,
    max_seconds: option.MaxSeconds = None,
    excerpt: option.ExcerptBegin = None,
    windows: option.Windows = None,
    soundfont: option.SoundFont = None,
    metric: option.Metrics = None,
    set: option.Settings = None,
    seed: Annotated[int | None, typer.Option(help="the run seed  [default: 0]")] = None,
    levels: Annotated[str | None, typer.Option(help="such as 1,3,5  [default: all five]")] = None,
    replicates: Annotated[int | None, typer.Option(help="draws of every cell  [default: 1]")] = None,
    limit_clips: Annotated[int | None, typer.Option(help="only the first N clips  [default: all]")] = None,
    until: option.Until = None,
    max_clips: option.MaxClips = None,
    looks: option.PlannedLooks = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N  [default: auto]")] = None,
    damage_device: option.DamageDevice = None,
    batch_size: Annotated[int | None, typer.Option(help="most signals at once  [default: a block's]")] = None,
    workers: option.Workers = None,
    engine: option.EngineName = None,
    ray_address: option.RayAddress = None,
    metric_timeout: option.MetricTimeout = None,
    metric_python: option.MetricPython = None,
    metric_env: option.MetricEnv = None,
    time_limit: option.TimeLimit = None,
    max_failures: option.MaxFailures = None,
    keep_going: option.KeepGoing = False,
    no_probe: option.NoProbe = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="score failed cells again")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="throw away another run in --out")] = False,
    config: Annotated[Path | None, typer.Option(help="YAML with the same names; options win over it")] = None,
    dry_run: option.DryRun = False,
) -> None:
    """Damage music, score it, conclude and report. The same command again goes on where it was stopped."""
    asked = dict(locals())
    from degrade_bench._support.interrupts import never_forgotten, terminable
    from degrade_bench.cli.progress import run_with_progress, say_what_it_takes
    from degrade_bench.cli.stops import STOPS, said_of_stop
    from degrade_bench.metric.settings import parse_settings
    from degrade_bench.sweep.config import RunConfig, make_config

    options = {
        **{name: value for name, value in asked.items() if name in RunConfig.model_fields},
        "set": parse_settings(set) if set else None,
        "keep_going": keep_going or None,
        "probe": False if no_probe else None,
        "retry_failed": retry_failed or None,
        "overwrite": overwrite or None,
    }
    made = make_config(options, config, defaults={"workers": None})
    try:
        with terminable(), never_forgotten():
            if dry_run:
                return say_what_it_takes(made)
            result = run_with_progress(made, command=["degrade-bench", *_arguments])
    except STOPS as error:
        text, code = said_of_stop(error)
        typer.echo(text, err=True)
        raise typer.Exit(code) from None
    if result.failed > made.max_failures or result.lost or result.given_up:
        raise typer.Exit(1)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="degradations, metrics or suites", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="an array of objects")] = False,
) -> None:
    """List degradations, metrics or suites."""
    from degrade_bench.cli.listing import listing, print_listing

    entries = listing(what, lambda line: typer.echo(line, err=True))
    if as_json:
        typer.echo(json.dumps(entries, indent=1, ensure_ascii=False))
    else:
        print_listing(what, entries)


@app.command()
def render(
    name: Annotated[str, typer.Argument(help=option.RENDERED)],
    source: Annotated[Path, typer.Argument(metavar="IN", help="an audio or MIDI file")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="an audio file: .wav, .flac, .ogg, .mp3")],
    level: Annotated[int, typer.Option(help="0 (clean) to 5 (gross)")],
    seed: Annotated[int, typer.Option(help="the run seed")] = 0,
    replicate: Annotated[int, typer.Option(help="which draw")] = 0,
    plan: Annotated[Path | None, typer.Option(help="write the plan here, as JSON")] = None,
    suite: Annotated[str | None, typer.Option(help="the suite that NAME is from, such as my_suite.yaml")] = None,
    soundfont: option.SoundFont = None,
) -> None:
    """Write one damaged clip to listen to."""
    from degrade_bench.cli.render import render_file

    for line in render_file(name, level, source, target, seed, replicate, plan, suite, soundfont):
        typer.echo(line)


@app.command()
def analysis(
    folder: Folder,
    margin: option.Margins = None,
    margins_from: option.MarginsFrom = None,
    confidence: option.Confidence = None,
    alpha: option.Alpha = None,
    floor_quantile: option.FloorQuantile = None,
    resolution: option.Resolution = None,
    effect: option.Effect = None,
    family_alpha: option.FamilyAlpha = None,
    rules: option.Rules = None,
    min_tracks: option.MinTracks = None,
    positive_control: option.PositiveControls = None,
    no_positive_control: option.NoPositiveControl = False,
    power: Annotated[float | None, typer.Option(help="that plans are made for  [default: 0.9]")] = None,
    distance: option.Distance = None,
    resamples: Annotated[int | None, typer.Option(help="of the bootstrap  [default: 2000]")] = None,
    seed: Annotated[int | None, typer.Option(help="of the bootstrap  [default: 0]")] = None,
) -> None:
    """Conclude again from the scores of a run, with thresholds of your own if you like; nothing is scored."""
    from degrade_bench.cli.progress import conclude_with_progress
    from degrade_bench.cli.summary import print_summary
    from degrade_bench.conclude import options_from, stored_margins

    given = {
        "confidence": confidence,
        "alpha": alpha,
        "floor_quantile": floor_quantile,
        "resolution": resolution,
        "effect": effect,
        "family_alpha": family_alpha,
        "rules": rules,
        "influence": True,
        "positive_controls": tuple(positive_control) if positive_control else None,
        "min_tracks": min_tracks,
        "positive_control": False if no_positive_control else None,
        "power": power,
        "distance": distance,
        "resamples": resamples,
        "seed": seed,
    }
    stored = None if margins_from is None else stored_margins(folder, margins_from)
    conclude_with_progress(folder, options_from(given, margin or [], stored))
    print_summary(folder)


@app.command(no_args_is_help=True)
def power(
    from_: Annotated[Path | None, typer.Option("--from", help="a run directory", show_default=False)] = None,
    reliability: option.Reliability = None,
    clean_sd: Annotated[float, typer.Option(help="with --reliability: SD of clean scores")] = 1.0,
    margin: option.AssumedMargin = None,
    tests: Annotated[int, typer.Option(help="with --reliability: how many degradations are tested")] = 1,
    drop: Annotated[float | None, typer.Option(help="to detect  [default: twice the margin]")] = None,
    clips: Annotated[int | None, typer.Option(help="to plan with  [default: the run's]")] = None,
    power: Annotated[float, typer.Option(help="the chance of success")] = 0.9,
    metric: Annotated[list[str] | None, typer.Option(help="with --from: only this metric")] = None,
    degradation: Annotated[list[str] | None, typer.Option(help="with --from: only this degradation")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="an array of objects")] = False,
) -> None:
    """Say how many clips it takes to detect or to exclude a drop, and what a run could have detected."""
    from degrade_bench.cli.power import plan_records, print_plan
    from degrade_bench.conclude import plan_from_reliability, plan_from_run
    from degrade_bench.errors import ConfigError

    if (from_ is None) == (reliability is None):
        raise ConfigError("power needs either --from OUT or --reliability R")
    if from_ is not None:
        plans = plan_from_run(from_, power, drop, clips, metric or (), degradation or ())
    else:
        assert reliability is not None
        plans = [plan_from_reliability(reliability, clean_sd, power, drop, clips, margin, tests)]
    if as_json:
        typer.echo(json.dumps(plan_records(plans), indent=1))
    else:
        print_plan(plans, power)


@app.command()
def selftest(
    runs: Annotated[int, typer.Option(help="simulated runs of every metric")] = 300,
    clips: Annotated[int, typer.Option(help="of a run")] = 36,
    seed: Annotated[int, typer.Option(help="of the simulation")] = 0,
    workers: Annotated[int | None, typer.Option(help="processes  [default: one per core]")] = None,
    errors: option.Errors = False,
    out: Annotated[Path | None, typer.Option(help="write the results and figures here")] = None,
) -> None:
    """Run the whole analysis on simulated metrics whose truth is known; exit code 1: a claim does not hold."""
    from degrade_bench.selftest.text import selftest_with_progress
    from degrade_bench.sweep.staff import usual_workers

    if not selftest_with_progress(runs, clips, seed, workers or usual_workers(), out, errors):
        raise typer.Exit(1)


@app.command(no_args_is_help=True)
def fetch(
    metric: Annotated[str, typer.Argument(help="such as muq-eval, clap or mert", show_default=False)],
    revision: Annotated[str | None, typer.Option(help="of the checkpoint on the hub")] = None,
    encoder_revision: Annotated[str | None, typer.Option(help="of the encoder  [default: a pinned commit]")] = None,
) -> None:
    """Download a metric's weights beforehand, so that runs need no network."""
    from degrade_bench.metric.learned.fetching import fetch as fetching

    for line in fetching(metric, revision, encoder_revision):
        typer.echo(line)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="an array of objects")] = False,
    online: Annotated[bool, typer.Option("--online", help="also ask whether the hub can be reached")] = False,
) -> None:
    """Say what this machine can do, what is missing and how to mend it; exit code 1: the main job cannot run."""
    from degrade_bench.cli.doctor import as_json as described
    from degrade_bench.cli.doctor import can_run, examine, print_findings

    findings = examine(online)
    if as_json:
        typer.echo(json.dumps(described(findings), indent=1, ensure_ascii=False))
    else:
        print_findings(findings)
    if not can_run(findings):
        raise typer.Exit(1)


app.command("env", help=HELP)(env)
app.command("check", help=checking.HELP, no_args_is_help=True)(checking.check)
app.command("compare", help=comparing.HELP, no_args_is_help=True)(comparing.compare)
app.command("card", help=carding.HELP, no_args_is_help=True)(carding.card)
app.command("report", help=reporting.HELP, no_args_is_help=True)(reporting.report)
app.command("leaderboard", help=leading.HELP, no_args_is_help=True)(leading.leaderboard)
app.command("export", help=exporting.HELP, no_args_is_help=True)(exporting.export)
app.command("gate", help=gating.HELP, no_args_is_help=True)(gating.gate)

_arguments: list[str] = []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and exit.

    Exit codes: 0 done; 1 finished, but more cells failed than allowed, or a clip was lost, or a metric given up; 2
    the request cannot be carried out; 74 done, but what was printed could not be written; 124 the time limit was
    reached; 130 interrupted; 143 terminated.
    """
    _arguments[:] = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(printing(_carry_out))


def _carry_out() -> int:
    try:
        code = app(args=_arguments, prog_name="degrade-bench", standalone_mode=False)
    except _UsageError as error:
        helped = type(error).__name__ == "NoArgsIsHelpError"
        return shown(error.format_message()) if helped else refused(error.format_message())
    except DegradeBenchError as error:
        return refused(str(error))
    except (typer.Abort, KeyboardInterrupt):
        return 130
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
