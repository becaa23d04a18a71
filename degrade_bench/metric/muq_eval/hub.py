"""Where MuQ-Eval's files are, and how they are fetched from the Hugging Face hub."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from degrade_bench.errors import MetricError

CHECKPOINT_REPO, CHECKPOINT_FILE = "zhudi2825/MuQ-Eval-A1", "model_state_dict.pt"
ENCODER_REPO, ENCODER_FILE = "OpenMuQ/MuQ-large-msd-iter", "config.json"
REVISION = "main"
LICENCE = "MuQ's weights are licensed CC-BY-NC 4.0: no commercial use"
HOW_TO = (
    "fetch them on a machine with network, or give --set muq-eval.checkpoint=DIR (with model_state_dict.pt) "
    "and --set muq-eval.encoder=DIR (with config.json)"
)


@dataclass(frozen=True)
class Files:
    """The two files that make up a checkpoint, and the revisions that they came from."""

    checkpoint: Path
    encoder: Path
    revisions: tuple[str, str]
    configs: tuple[Path, ...] = ()


def local_files(
    variant: str, checkpoint: str | None, encoder: str | None, revision: str | None, encoder_revision: str | None
) -> Files | str:
    """The files in the given folders or in the Hugging Face cache; no network. A text says what is missing."""
    places = (
        _local(checkpoint, "checkpoint", CHECKPOINT_REPO, CHECKPOINT_FILE, revision or REVISION),
        _local(encoder, "encoder", ENCODER_REPO, ENCODER_FILE, encoder_revision or REVISION),
    )
    missing = [place for place in places if isinstance(place, str)]
    if missing:
        return missing[0]
    first, second = places
    assert isinstance(first, Path)
    assert isinstance(second, Path)
    folders = (checkpoint is not None, encoder is not None)
    revisions = tuple(
        "local folder" if given else path.parent.name for given, path in zip(folders, (first, second), strict=True)
    )
    configs = tuple(p for n in ("base.yaml", "config.yaml") if (p := first.parent / n).is_file())
    return Files(first, second, (revisions[0], revisions[1]), configs)


def _local(folder: str | None, setting: str, repo: str, file: str, revision: str) -> Path | str:
    if folder is not None:
        path = Path(folder) / file
        return path if path.is_file() else f"--set muq-eval.{setting}={folder}: there is no {file} in it"
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(repo, file, revision=revision)
    return Path(cached) if isinstance(cached, str) else f"{repo}'s {file} is not on this machine"


def fetched_files(
    variant: str, checkpoint: str | None, encoder: str | None, revision: str | None, encoder_revision: str | None
) -> Files:
    """The files, fetched from the hub where they are not on this machine.

    Raises:
        MetricError: they cannot be had; says why and what to do.
    """
    found = local_files(variant, checkpoint, encoder, revision, encoder_revision)
    if isinstance(found, Files):
        return found
    for folder in (checkpoint, encoder):
        if folder is not None and not Path(folder).is_dir():
            raise MetricError(f"muq-eval: no such folder: {folder}")
    if "--set" in found:
        raise MetricError(f"muq-eval: {found}")
    _reach_the_hub(found)
    print(f"muq-eval: fetching weights (1.3 GB); {LICENCE}", file=sys.stderr)
    if encoder is None:
        _fetch(ENCODER_REPO, ENCODER_FILE, encoder_revision or REVISION)
    if checkpoint is None:
        _fetch(CHECKPOINT_REPO, CHECKPOINT_FILE, revision or REVISION)
    found = local_files(variant, checkpoint, encoder, revision, encoder_revision)
    if isinstance(found, str):
        raise MetricError(f"muq-eval: {found} although it was fetched; {HOW_TO}")
    return found


def _reach_the_hub(found: str) -> None:
    """Ask the hub once whether it is there: its client would try for half a minute, and print every try."""
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception as error:  # the client raises its HTTP library's errors, which differ between versions
        reason = " ".join(str(error).split())[:120]
        raise MetricError(
            f"muq-eval: weights are not available: {found}, and the hub cannot be reached "
            f"({type(error).__name__}: {reason}); {HOW_TO}"
        ) from error


def _fetch(repo: str, file: str, revision: str) -> None:
    from huggingface_hub import hf_hub_download

    try:
        hf_hub_download(repo, file, revision=revision, etag_timeout=10)
    except Exception as error:  # the hub client raises many kinds: network, HTTP, disk, cache
        reason = " ".join(str(error).split())[:200]
        raise MetricError(
            f"muq-eval: weights are not available: {repo} at revision {revision!r} cannot be fetched "
            f"({type(error).__name__}: {reason}); {HOW_TO}"
        ) from error
