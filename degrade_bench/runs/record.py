"""``run.json``: what was asked, what it resolved to, with what it was made, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from degrade_bench._support.contained import parse_json, read_bytes
from degrade_bench._support.files import write_text
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.left_out import LeftOut, LeftOutClip
from degrade_bench.runs.names import FORMAT, RECORD
from degrade_bench.runs.ownership import claim
from degrade_bench.runs.part import Described, Part
from degrade_bench.runs.played import Example, Picture, StandsOut
from degrade_bench.runs.probes import Probe
from degrade_bench.runs.timings import Timings

Count = Annotated[int, Field(ge=0)]


class Request(Part):
    """What was asked: the options of ``degrade-bench run``, paths left out.

    Attributes:
        input: file names, or ``built-in corpus``.
        reference_set: file names; empty where set metrics compare with the clean clips.
        soundfont: the name of the file that notes were played on, where one was given.
    """

    input: tuple[str, ...]
    reference_set: tuple[str, ...] = ()
    suite: tuple[str, ...]
    degradation: tuple[str, ...]
    metric: tuple[str, ...]
    set: Mapping[str, Mapping[str, Any]]
    seed: int
    levels: tuple[int, ...]
    replicates: int
    limit_clips: int | None
    until: Literal["concluded"] | None = None
    max_clips: int | None = None
    looks: int = 3
    max_seconds: float | None = None
    excerpt: Literal["start", "middle"] | float = "start"
    windows: int = 1
    soundfont: str | None = None
    device: str
    damage_device: str = "cpu"
    batch_size: int | None
    time_limit: float | None = None
    workers: int
    engine: Literal["local", "ray"] = "local"
    ray_address: str = "auto"
    metric_timeout: float = 600.0
    metric_python: str | None = None
    metric_env: str | None = None
    max_failures: int
    retry_failed: bool
    keep_going: bool = False
    probe: bool = True


class Identity(Part):
    """What makes two runs the same, the metrics aside: those may be added later.

    Attributes:
        degradations: by name, what tells each from another of its name.
        clips: by id, a string that changes when the source is cut or read differently.
        damage_device: where signals were worked on: ``cpu``, or the model of a GPU.
    """

    format: int
    seed: int
    levels: tuple[int, ...]
    replicates: int
    degradations: Mapping[str, tuple[Any, ...]]
    clips: Mapping[str, str]
    damage_device: str = "cpu"


class MetricRecord(Described):
    """A metric of the run.

    Attributes:
        fingerprint: of everything that would change its scores.
        parts: what the fingerprint is made of.
        counts: what it counted while it scored, and its scores outside ``score_range``.
    """

    name: str
    summary: str
    source: str
    domain: str
    score_range: tuple[float | None, float | None]
    fingerprint: str
    parts: Mapping[str, str]
    counts: Mapping[str, Count] = Field(default_factory=dict)


class DegradationRecord(Described):
    """A degradation of the run."""

    name: str
    group: str
    family: str
    summary: str


class ClipRecord(Part):
    """A clip that was scored.

    Attributes:
        hash: SHA-256 of its samples.
        group: the manifest's (a genre), if any.
        track: the recording that it was cut from.
        file_damage: what is wrong with its file and how far it was read, where something is.
        same_as: the id of an earlier clip with the same samples, of another file; they are of one track.
        beats, downbeats: how many there are.
        beat_source: ``annotated``, ``estimated`` or ``none``.
    """

    id: str
    hash: str
    seconds: float
    sample_rate: Count
    channels: Count
    group: str | None
    track: str
    beats: Count
    downbeats: Count
    beat_source: str
    beat_confidence: float
    downbeat_confidence: float
    file_damage: str | None = None
    same_as: str | None = None


class Counts(Part):
    """Clips, cells and rows, rows by status, clips that were left out, and clips that were lost.

    Attributes:
        clips_lost: work on them was broken off (a worker died, memory ran out); the next start tries again.
    """

    clips: int = 0
    cells: int = 0
    rows: int = 0
    ok: int = 0
    not_applicable: int = 0
    failed: int = 0
    clips_skipped: int = 0
    clips_lost: int = 0


class Failure(Part):
    """A row that failed."""

    clip_id: str
    degradation: str
    level: int
    metric: str
    error: str


class NotApplicable(Part):
    """A reason why rows of a degradation do not apply.

    Attributes:
        metrics: that it holds for; None for all.
        count: of rows.
    """

    degradation: str
    metrics: tuple[str, ...] | None
    reason: str
    count: Count


class LooksRecord(Part):
    """The planned looks at the scores of ``run --until concluded``.

    Attributes:
        clips: how many of the identity's clips, from the first on, there are at each look.
        recordings: that they are cut from.
        taken: how many of the looks were taken.
        concluded: whether every verdict was definite at the last of these, so that no more are taken.
    """

    clips: tuple[Annotated[int, Field(ge=1, le=10**9)], ...] = Field(min_length=1, max_length=100)
    recordings: tuple[Annotated[int, Field(ge=1, le=10**9)], ...] = Field(min_length=1, max_length=100)
    taken: Count = 0
    concluded: bool = False

    @model_validator(mode="after")
    def _fits(self) -> LooksRecord:
        for counts in (self.clips, self.recordings):
            if list(counts) != sorted(set(counts)):
                raise ValueError("each look has to have more than the one before")
        if len(self.clips) != len(self.recordings) or self.taken > len(self.clips):
            raise ValueError("clips, recordings and looks taken do not fit together")
        return self


class RunRecord(Part):
    """What ``run.json`` holds.

    Attributes:
        state: ``running``; ``scored`` when the table is whole; ``done`` when it was concluded from.
        command: the command line; empty where the run was started from Python.
        package_version, libraries: what the scores were made with, None where a library is missing; a run goes on
            only with the same versions.
        started, finished: the first start and the last end, in UTC; ISO 8601.
        starts: how often the run was started.
        seconds: spent in the last start: on the sweep, and in all but for the report.
        timings: where they went; None in records of earlier versions, and until the report is drawn.
        metrics_skipped: metrics that run by default and did not, and those that were given up, with the reason.
        degradations_skipped: plug-ins that could not be loaded, with the reason.
        reference_clips: those of another set, with which set metrics compare.
        clips_skipped: clips that could not be used, with the reason.
        failures: rows that failed, of every metric and reason; ``counts`` says how many failed in all.
        examples, pictures: of one clip, which the report plays and shows.
        recordings: that stand out, which it plays.
        estimated_seconds: what was expected before the last start.
        looks: those that were planned, if they were.
        looked_at: how many clips there were whenever the scores were looked at outside a plan, and more were added.
        probes: what came of trying plug-in metrics before the run, by their names.
    """

    format: int = FORMAT
    state: Literal["running", "scored", "done"]
    package_version: str
    git_revision: str | None
    command: tuple[str, ...] = ()
    request: Request
    identity: Identity
    libraries: Mapping[str, str | None]
    python: str
    platform: str
    device: str
    started: str
    finished: str | None = None
    starts: Count = 1
    seconds: Mapping[str, float] = Field(default_factory=dict)
    timings: Timings | None = None
    metrics: tuple[MetricRecord, ...]
    metrics_skipped: tuple[LeftOut, ...] = ()
    degradations: tuple[DegradationRecord, ...]
    degradations_skipped: tuple[LeftOut, ...] = ()
    clips: tuple[ClipRecord, ...] = ()
    reference_clips: tuple[ClipRecord, ...] = ()
    clips_skipped: tuple[LeftOutClip, ...] = ()
    counts: Counts = Counts()
    failures: tuple[Failure, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    examples: tuple[Example, ...] = ()
    pictures: tuple[Picture, ...] = ()
    recordings: tuple[StandsOut, ...] = ()
    estimated_seconds: float | None = None
    looks: LooksRecord | None = None
    looked_at: tuple[Count, ...] = ()
    probes: Mapping[str, Probe] = Field(default_factory=dict)

    def updated(self, **changes: Any) -> RunRecord:
        """A copy in which some fields are others; they are checked like all."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return RunRecord(**{**fields, **changes})

    def to_dict(self) -> dict[str, Any]:
        """The record as it stands in ``run.json``: dictionaries, lists, text, numbers."""
        return self.model_dump(mode="json")


def write_record(folder: Path, record: RunRecord) -> None:
    """Write ``run.json`` whole or not at all.

    Raises:
        RunFolderError: the folder cannot be written, or holds a ``run.json`` that is not ours.
    """
    claim(folder, [RECORD])
    write_text(folder / RECORD, json.dumps(record.to_dict(), indent=1, allow_nan=False) + "\n")


def read_record(folder: Path) -> RunRecord:
    """``run.json`` of a run directory.

    Raises:
        RunFolderError: missing, unreadable, of another format, or not a run's record; says which field is wrong.
    """
    path = folder / RECORD
    try:
        stored = parse_json(read_bytes(folder, path))
    except FileNotFoundError:
        raise RunFolderError(f"{folder} is not a run directory: it has no {RECORD}") from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    if not isinstance(stored, dict) or "identity" not in stored:
        raise RunFolderError(f"{path} is not the record of a run")
    if stored.get("format") != FORMAT:
        raise RunFolderError(
            f"{path} is of format {stored.get('format')!r}, and this version of degrade-bench knows "
            f"format {FORMAT} only: run again, into another directory"
        )
    try:
        return RunRecord.model_validate(stored)
    except ValidationError as error:
        raise RunFolderError(f"{path} is not the record of a run: {first_mistake(error)}") from error


def first_mistake(error: ValidationError) -> str:
    """The first thing that is wrong, with the place where it stands, in one line."""
    mistake = error.errors()[0]
    place = ".".join(str(part) for part in mistake["loc"])
    message = mistake["msg"][:1].lower() + mistake["msg"][1:]
    return f"{place}: {message}"
