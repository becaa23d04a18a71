"""Where MuQ-Eval's files are, how they are fetched, and how they are loaded: strictly, and never running code."""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

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


def local_files(checkpoint: str | None, encoder: str | None, revision: str, encoder_revision: str) -> Files | str:
    """The files in the given folders or in the Hugging Face cache; no network. A text says what is missing."""
    places = (
        _local(checkpoint, "checkpoint", CHECKPOINT_REPO, CHECKPOINT_FILE, revision),
        _local(encoder, "encoder", ENCODER_REPO, ENCODER_FILE, encoder_revision),
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
    return Files(first, second, (revisions[0], revisions[1]))


def _local(folder: str | None, setting: str, repo: str, file: str, revision: str) -> Path | str:
    if folder is not None:
        path = Path(folder) / file
        return path if path.is_file() else f"--set muq-eval.{setting}={folder}: there is no {file} in it"
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(repo, file, revision=revision)
    return Path(cached) if isinstance(cached, str) else f"{repo}'s {file} is not on this machine"


def fetched_files(checkpoint: str | None, encoder: str | None, revision: str, encoder_revision: str) -> Files:
    """The files, fetched from the hub where they are not on this machine.

    Raises:
        MetricError: they cannot be had; says why and what to do.
    """
    found = local_files(checkpoint, encoder, revision, encoder_revision)
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
        _fetch(ENCODER_REPO, ENCODER_FILE, encoder_revision)
    if checkpoint is None:
        _fetch(CHECKPOINT_REPO, CHECKPOINT_FILE, revision)
    found = local_files(checkpoint, encoder, revision, encoder_revision)
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


def read_encoder_config(path: Path) -> dict[str, Any]:
    """The encoder's configuration.

    Raises:
        MetricError: not JSON, or not such a configuration.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MetricError(f"muq-eval: {path} cannot be read: {error}") from error
    if not isinstance(config, dict) or "w2v2_config" not in config or "stat" not in config:
        raise MetricError(f"muq-eval: {path} is not MuQ's config.json: it lacks w2v2_config or stat")
    return config


def load_strictly(model: nn.Module, path: Path) -> None:
    """Load a state dictionary of plain tensors; every key and shape must be right.

    Raises:
        MetricError: a pickle that holds code, a file cut off, missing, unexpected or misshapen weights.
    """
    state = read_state(path)
    own = model.state_dict()
    _refuse("lacks", sorted(set(own) - set(state)), path)
    _refuse("has unexpected", sorted(set(state) - set(own)), path)
    wrong = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(own[key].shape)}"
        for key in sorted(own)
        if state[key].shape != own[key].shape
    ]
    _refuse("has wrong shapes:", wrong, path)
    model.load_state_dict(state, strict=True)


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name.

    Raises:
        MetricError: as :func:`load_strictly`.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        first = " ".join(str(error).split())[:160]
        raise MetricError(
            f"muq-eval: {path} is refused: it is no plain file of tensors, and loading it could run code ({first})"
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        first = " ".join(str(error).split())[:160]
        raise MetricError(f"muq-eval: {path} cannot be read (cut off?): {first}") from error
    if not isinstance(state, dict) or not all(isinstance(each, torch.Tensor) for each in state.values()):
        raise MetricError(f"muq-eval: {path} is not a state dictionary: expected tensors by name")
    return state


def _refuse(what: str, names: Sequence[str], path: Path) -> None:
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise MetricError(f"muq-eval: {path} {what} {', '.join(names[:3])}{more}")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
