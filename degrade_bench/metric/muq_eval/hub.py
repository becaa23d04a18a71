"""Where MuQ-Eval's files are, on this machine or on the Hugging Face hub, at which revision, and how they get here.

Nothing is imported but the hub's client, so that looking costs little.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from degrade_bench.errors import MetricError, UnknownNameError
from degrade_bench.files import sha256_of

LICENCE = "MuQ's weights are licensed CC-BY-NC 4.0: no commercial use; MuQ-Eval's own are under MIT"
DOWNLOAD = "1.34 GB"


@dataclass(frozen=True)
class Published:
    """A repository on the hub.

    Attributes:
        repo: its name.
        file: the file that must be had.
        revision: the commit that is asked for, or a branch where no commit is known.
        beside: files that are taken along where they exist.
        sha256: what the files' bytes must be at that revision.
    """

    repo: str
    file: str
    revision: str
    beside: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)


ENCODER = Published(
    "OpenMuQ/MuQ-large-msd-iter",
    "config.json",
    "0562a57814f6f8bbd9fdea0a25921a2fce1a841a",
    sha256={"config.json": "237335ee27d8fb951ce778701a12a79e06c51ae636dd786f97e45f51ce532543"},
)
# No commit of the two checkpoints was at hand to be pinned. What `main` stood for, and the SHA-256 of the weights,
# are recorded with every run; once a commit is known, it and the hash go here.
CHECKPOINTS = {
    "a1": Published("zhudi2825/MuQ-Eval-A1", "model_state_dict.pt", "main"),
    "a3a": Published("zhudi2825/MuQ-Eval", "model_state_dict.pt", "main", beside=("base.yaml", "config.yaml")),
}
VARIANT_OF = {"muq-eval": "a1", "muq-eval-a3a": "a3a"}
METRIC_OF = {variant: metric for metric, variant in VARIANT_OF.items()}


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


def local_files(
    variant: str,
    checkpoint: str | None = None,
    encoder: str | None = None,
    revision: str | None = None,
    encoder_revision: str | None = None,
) -> Files | str:
    """The files in the given folders or in the hub's cache; no network. A text says what is missing.

    Args:
        variant: ``a1`` or ``a3a``.
        checkpoint: a folder to look in instead of the cache.
        encoder: likewise for the encoder's configuration.
        revision: on the hub; None for the pinned one.
        encoder_revision: likewise.

    Raises:
        MetricError: a file is not what was published at the pinned revision.
    """
    metric, published = METRIC_OF[variant], CHECKPOINTS[variant]
    places = (
        _local(checkpoint, f"{metric}.checkpoint", published, revision),
        _local(encoder, f"{metric}.encoder", ENCODER, encoder_revision),
    )
    found: list[Path] = []
    for place in places:
        if isinstance(place, str):
            return place
        found.append(place)
    revisions = tuple(
        "local folder" if given is not None else path.parent.name
        for given, path in zip((checkpoint, encoder), found, strict=True)
    )
    beside = (found[0].parent / name for name in published.beside)
    configs = tuple(path for path in beside if path.is_file())
    return Files(found[0], found[1], (revisions[0], revisions[1]), configs)


def _local(folder: str | None, setting: str, published: Published, revision: str | None) -> Path | str:
    if folder is not None:
        path = Path(folder) / published.file
        return path if path.is_file() else f"--set {setting}={folder}: there is no {published.file} in it"
    from huggingface_hub import try_to_load_from_cache

    asked = revision or published.revision
    cached = try_to_load_from_cache(published.repo, published.file, revision=asked)
    if not isinstance(cached, str):
        at = "" if asked == "main" else f" at revision {asked[:12]}"
        return f"{published.repo}'s {published.file}{at} is not on this machine"
    if asked == published.revision:
        _verify(published, Path(cached))
    return Path(cached)


def _verify(published: Published, path: Path) -> None:
    """Refuse a file that is not what was published at the pinned revision."""
    expected = published.sha256.get(path.name)
    if expected is None:
        return
    found = sha256_of(path)
    if found != expected:
        raise MetricError(
            f"muq-eval: {path} is not {published.repo}'s at revision {published.revision[:12]}: its SHA-256 is "
            f"{found[:16]}…, expected {expected[:16]}…; delete it and fetch it again"
        )


def fetched_files(
    variant: str,
    checkpoint: str | None = None,
    encoder: str | None = None,
    revision: str | None = None,
    encoder_revision: str | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
) -> Files:
    """The files as :func:`local_files` finds them, fetched from the hub where they are not on this machine.

    ``say`` is told the licence before anything is fetched.

    Raises:
        MetricError: they cannot be had; says why and what to do.
    """
    asked = (variant, checkpoint, encoder, revision, encoder_revision)
    found = local_files(*asked)
    if isinstance(found, Files):
        return found
    for folder in (checkpoint, encoder):
        if folder is not None and not Path(folder).is_dir():
            raise MetricError(f"muq-eval: no such folder: {folder}")
    if "--set" in found:
        raise MetricError(f"muq-eval: {found}")
    _refuse_offline(variant, found)
    reason = unreachable()
    if reason:
        raise MetricError(f"muq-eval: weights are not available: {found}, and {reason}; {how_to(variant)}")
    say(f"{METRIC_OF[variant]}: fetching weights ({DOWNLOAD}) into {cache_folder()}; {LICENCE}")
    if encoder is None:
        _fetch(variant, ENCODER, encoder_revision or ENCODER.revision)
    if checkpoint is None:
        published = CHECKPOINTS[variant]
        _fetch(variant, published, revision or published.revision)
    found = local_files(*asked)
    if isinstance(found, str):
        raise MetricError(f"muq-eval: {found} although it was fetched; {how_to(variant)}")
    return found


def fetch(metric: str, revision: str | None = None, encoder_revision: str | None = None) -> Iterator[str]:
    """Fetch what a metric needs; yield lines that say what is done, the licence before anything else.

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
    for path, at in zip((here.checkpoint, here.encoder), here.revisions, strict=True):
        yield f"{path} (revision {at}, SHA-256 {sha256_of(path)})"
    yield f"next: degrade-bench run --suite signal,structural --metric {metric} --out out"


def cache_folder() -> str:
    """Where the hub's client keeps what it fetches."""
    from huggingface_hub import constants

    return str(constants.HF_HUB_CACHE)


def _refuse_offline(variant: str, found: str) -> None:
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise MetricError(
            f"muq-eval: weights are not available: {found}, and HF_HUB_OFFLINE is set; unset it, or "
            f"{how_to(variant)}"
        )


def unreachable() -> str | None:
    """Why the hub cannot be reached; None if it can.

    It is asked once: its client would try for half a minute, and print every try.
    """
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception as error:  # the client raises its HTTP library's errors, which differ between versions
        return f"the hub cannot be reached ({type(error).__name__}: {_line(error, 120)})"
    return None


def _fetch(variant: str, published: Published, revision: str) -> None:
    from huggingface_hub import errors, hf_hub_download, utils

    if not sys.stderr.isatty():
        utils.disable_progress_bars()  # type: ignore[attr-defined]
    try:
        for name in published.beside:
            try:
                hf_hub_download(published.repo, name, revision=revision, etag_timeout=10)
            except errors.EntryNotFoundError:
                continue  # whoever needs it says that it is missing
        hf_hub_download(published.repo, published.file, revision=revision, etag_timeout=10)
    except Exception as error:  # the hub client raises many kinds: network, HTTP, disk, cache
        raise MetricError(
            f"muq-eval: weights are not available: {_why(error, published, revision)}; {how_to(variant)}"
        ) from error


def _why(error: Exception, published: Published, revision: str) -> str:
    """What went wrong, in the user's words where it is a known case."""
    from huggingface_hub import errors

    known: tuple[tuple[type[Exception], str], ...] = (
        (errors.RevisionNotFoundError, f"{published.repo} has no revision {revision!r}"),
        (errors.GatedRepoError, f"{published.repo} asks for a login: set HF_TOKEN"),
        (errors.RepositoryNotFoundError, f"the hub has no repository {published.repo} that may be read"),
        (errors.EntryNotFoundError, f"{published.repo} has no {published.file} at revision {revision!r}"),
        (PermissionError, f"{cache_folder()} cannot be written: set HF_HOME to another folder"),
    )
    for kind, text in known:
        if isinstance(error, kind):
            return text
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"no room for {DOWNLOAD} in {cache_folder()}: set HF_HOME to another disk"
    said = f"{type(error).__name__}: {_line(error, 200)}"
    return (
        f"{published.repo} at revision {revision!r} cannot be fetched ({said}); the same command goes on where a "
        "download stopped"
    )


def _line(error: Exception, most: int) -> str:
    return " ".join(str(error).split())[:most]
