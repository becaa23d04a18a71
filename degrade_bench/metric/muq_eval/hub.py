"""Where MuQ-Eval's files are, on this machine or on the Hugging Face hub, at which revision, and how they get here.

The hub's client is asked through :mod:`degrade_bench.metric.hub_client`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from degrade_bench._support.files import sha256_of
from degrade_bench.errors import MetricError, UnknownNameError
from degrade_bench.metric.hub_client import (
    NotHereError,
    Wanted,
    cache_folder,
    cached,
    download,
    verify,
    why_not_fetched,
)
from degrade_bench.metric.muq_eval.published import Published, checkpoint_note

LICENCE = "MuQ's weights are licensed CC-BY-NC 4.0: no commercial use; MuQ-Eval's own are under MIT"
DOWNLOAD = "1.34 GB"


ENCODER = Published(
    "OpenMuQ/MuQ-large-msd-iter",
    "config.json",
    "0562a57814f6f8bbd9fdea0a25921a2fce1a841a",
    sha256={"config.json": "237335ee27d8fb951ce778701a12a79e06c51ae636dd786f97e45f51ce532543"},
)
# No commit of the two checkpoints was at hand to be pinned. What `main` stood for, and the SHA-256 of the weights,
# are recorded with every run; once a commit is known, it and the hash go here. A3a's card names
# `best_model.pt` only; whether its repository has `model_state_dict.pt` too, as A1's has, is not confirmed.
CHECKPOINTS = {
    "a1": Published("zhudi2825/MuQ-Eval-A1", "model_state_dict.pt", "main"),
    "a3a": Published(
        "zhudi2825/MuQ-Eval", "model_state_dict.pt", "main", "best_model.pt", ("base.yaml", "config.yaml")
    ),
}
VARIANT_OF = {"muq-eval": "a1", "muq-eval-a3a": "a3a"}
METRIC_OF = {variant: metric for metric, variant in VARIANT_OF.items()}

Folder = str | Path | None


def how_to(variant: str) -> str:
    """What to do where the weights are not here."""
    metric = METRIC_OF[variant]
    return (
        f"fetch them with network (degrade-bench fetch {metric}), or give --set {metric}.checkpoint=DIR "
        f"(with {CHECKPOINTS[variant].file}) and --set {metric}.encoder=DIR (with {ENCODER.file})"
    )


@dataclass(frozen=True)
class Files:
    """The files that make up a variant, and the revisions that they came from.

    Attributes:
        checkpoint: the weights.
        encoder: the encoder's configuration.
        revisions: of the checkpoint and of the encoder: commits, or ``local folder``.
        configs: training configurations beside the checkpoint; later ones win.
    """

    checkpoint: Path
    encoder: Path
    revisions: tuple[str, str]
    configs: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Place:
    path: Path
    revision: str
    beside: tuple[Path, ...]


def local_files(
    variant: str,
    checkpoint: Folder = None,
    encoder: Folder = None,
    revision: str | None = None,
    encoder_revision: str | None = None,
) -> Files | str:
    """The files in the given folders or in the hub's cache; no network. A text says what is missing or wrong.

    Args:
        variant: ``a1`` or ``a3a``.
        checkpoint: a folder to look in instead of the cache.
        encoder: likewise for the encoder's configuration.
        revision: on the hub; None for the pinned one.
        encoder_revision: likewise.
    """
    try:
        return _find(variant, checkpoint, encoder, revision, encoder_revision)
    except MetricError as error:
        return str(error)


def _find(
    variant: str, checkpoint: Folder, encoder: Folder, revision: str | None, encoder_revision: str | None
) -> Files:
    metric = METRIC_OF[variant]
    wanted = (
        ("checkpoint", CHECKPOINTS[variant], checkpoint, revision),
        ("encoder", ENCODER, encoder, encoder_revision),
    )
    places: dict[str, _Place] = {}
    for name, published, folder, _ in wanted:  # a wrong folder is said before anything is fetched
        if folder is not None:
            places[name] = _in_folder(f"--set {metric}.{name}={folder}", published, Path(folder))
    for name, published, folder, asked in wanted:
        if folder is None:
            places[name] = _in_cache(published, asked or published.revision, variant)
    first, second = places["checkpoint"], places["encoder"]
    return Files(first.path, second.path, (first.revision, second.revision), first.beside)


def _in_folder(option: str, published: Published, folder: Path) -> _Place:
    if not folder.is_dir():
        raise MetricError(f"{option}: no such folder")
    path = next((path for path in map(folder.joinpath, published.files) if path.is_file()), None)
    if path is None:
        raise MetricError(f"{option}: there is no {' and no '.join(published.files)} in it")
    beside = tuple(folder / name for name in published.beside if (folder / name).is_file())
    return _Place(path, "local folder", beside)


def _in_cache(published: Published, revision: str, variant: str) -> _Place:
    """What is cached at a revision.

    Raises:
        NotHereError: a file is not in the cache, though the hub may have it.
        MetricError: a file is not what was published at the pinned revision.
    """
    paths, missing = [], []
    for name in published.beside:
        known = cached(published.repo, name, revision)
        if isinstance(known, str):
            paths.append(Path(known))
        elif known is None:  # anything else stands for "the hub has no such file"
            missing.append(name)
    found = (cached(published.repo, name, revision) for name in published.files)
    main = next((path for path in found if isinstance(path, str)), None)
    if missing or main is None:
        at = "" if revision == "main" else f" at revision {revision[:12]}"
        raise NotHereError(f"{published.repo}'s {(*missing, published.file)[0]}{at} is not on this machine")
    paths.append(Path(main))
    for path in paths:
        verify(path, _wanted(published, revision, variant), published.sha256)
    *beside, path = paths
    return _Place(path, path.parent.name, tuple(beside))


def _wanted(published: Published, revision: str, variant: str) -> Wanted:
    return Wanted(
        METRIC_OF[variant], published.repo, revision, published.revision, size=DOWNLOAD, how_to=how_to(variant)
    )


def fetched_files(
    variant: str,
    checkpoint: Folder = None,
    encoder: Folder = None,
    revision: str | None = None,
    encoder_revision: str | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
) -> Files:
    """The files as :func:`local_files` finds them, fetched from the hub where they are not on this machine.

    Args:
        variant: ``a1`` or ``a3a``.
        checkpoint: a folder with the weights, in place of the hub's.
        encoder: a folder with the encoder's configuration, likewise.
        revision: of the weights on the hub: commit, tag or branch; None for the pinned one.
        encoder_revision: of the encoder's configuration, likewise.
        say: told the size and the licence in one line before anything is fetched.

    Raises:
        MetricError: they cannot be had; says why and what to do.
    """
    asked = (variant, checkpoint, encoder, revision, encoder_revision)
    metric = METRIC_OF[variant]
    try:
        return _find(*asked)
    except NotHereError as missing:
        reason = why_not_fetched(how_to(variant))
        if reason:
            raise MetricError(f"{metric}: weights are not available: {missing}, and {reason}") from missing
    except MetricError as error:
        raise MetricError(f"{metric}: {error}") from error
    say(f"{metric}: fetching weights ({DOWNLOAD}) into {cache_folder()}; {LICENCE}")
    if encoder is None:
        _fetch(variant, ENCODER, encoder_revision or ENCODER.revision)
    if checkpoint is None:
        published = CHECKPOINTS[variant]
        _fetch(variant, published, revision or published.revision)
    try:
        return _find(*asked)
    except MetricError as error:
        raise MetricError(f"{metric}: fetched, but {error}; {how_to(variant)}") from error


def fetch(metric: str, revision: str | None = None, encoder_revision: str | None = None) -> Iterator[str]:
    """Fetch what a metric needs; yield lines that say what is done, the licence before anything else.

    Args:
        metric: ``muq-eval`` or ``muq-eval-a3a``.
        revision: of its weights on the hub: commit, tag or branch; None for the pinned one.
        encoder_revision: of the encoder's configuration, likewise.

    Raises:
        UnknownNameError: a metric that needs no files.
        MetricError: as :func:`fetched_files`.
    """
    if metric not in VARIANT_OF:
        raise UnknownNameError("metric to fetch", metric, VARIANT_OF)
    variant = VARIANT_OF[metric]
    here = local_files(variant, revision=revision, encoder_revision=encoder_revision)
    if isinstance(here, Files):
        yield f"{metric}: its files are on this machine already; {LICENCE}"
    else:
        yield f"{metric}: {DOWNLOAD} from {CHECKPOINTS[variant].repo} and {ENCODER.repo} into {cache_folder()}"
        yield LICENCE
        here = fetched_files(variant, revision=revision, encoder_revision=encoder_revision, say=lambda line: None)
    weights, configuration = here.revisions
    for path in (here.checkpoint, *here.configs):
        yield f"{path} (revision {weights}, SHA-256 {sha256_of(path)})"
    yield f"{here.encoder} (revision {configuration}, SHA-256 {sha256_of(here.encoder)})"
    if note := checkpoint_note({"variant": variant, "checkpoint_sha256": sha256_of(here.checkpoint)}):
        yield f"note: {metric}: {note}"
    asked = {"revision": revision, "encoder_revision": encoder_revision}
    settings = "".join(f" --set {metric}.{name}={value}" for name, value in asked.items() if value)
    yield f"next: degrade-bench run --suite signal,structural --metric {metric}{settings} --out out"


def _fetch(variant: str, published: Published, revision: str) -> None:
    wanted = _wanted(published, revision, variant)
    download(wanted, published.beside, published.files, needs_beside=False)
