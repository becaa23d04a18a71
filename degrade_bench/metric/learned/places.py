"""Where a model's files are: in a folder, in the hub's cache, or on the hub, at which revision.

The hub's client is asked through :mod:`degrade_bench.metric.hub_client`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from degrade_bench._support.files import sha256_of
from degrade_bench.errors import MetricError
from degrade_bench.metric.hub_client import (
    NotHereError,
    Wanted,
    cache_folder,
    cached,
    download,
    verify,
    why_not_fetched,
)

Folder = str | Path | None
LOCAL = "local folder"


@dataclass(frozen=True)
class Repository:
    """Where a metric's files are published.

    Attributes:
        metric: that needs them.
        repo: on the hub.
        revision: the commit that is asked for by default.
        weights: names that the weights may have, the first by preference.
        beside: files that the weights need beside them.
        licence: of the weights, in words.
        size: of a download, in words.
        setting: of the metric, which names a folder that holds the files.
        sha256: what files must be at that revision, by name.
    """

    metric: str
    repo: str
    revision: str
    weights: tuple[str, ...]
    beside: tuple[str, ...]
    licence: str
    size: str
    setting: str = "checkpoint"
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def how_to(self) -> str:
        """What to do where the files are not here."""
        files = " and ".join((self.weights[0], *self.beside))
        return (
            f"fetch them with network (degrade-bench fetch {self.metric}), or give "
            f"--set {self.metric}.{self.setting}=DIR (with {files})"
        )


@dataclass(frozen=True)
class Files:
    """The files of a model on this machine.

    Attributes:
        weights: the file of the weights.
        beside: the others that are there, by name.
        revision: that they came from: a commit, or ``local folder``.
    """

    weights: Path
    beside: Mapping[str, Path]
    revision: str

    def fingerprint_parts(self) -> dict[str, str]:
        """Hashes of all of them, and the revision."""
        hashes = {f"{name}_sha256": sha256_of(path) for name, path in sorted(self.beside.items())}
        return {"weights_sha256": sha256_of(self.weights), **hashes, "revision": self.revision}


def missing(repository: Repository, folder: Folder = None, revision: str | None = None) -> str | None:
    """Why the files are not on this machine, and what to do; None if they are. No network.

    Args:
        repository: where they are published.
        folder: to look in, instead of the hub's cache.
        revision: on the hub; None for the pinned one.
    """
    try:
        here(repository, folder, revision)
    except MetricError as error:
        ask = f"ask for it with --metric {repository.metric}, which fetches {repository.size}"
        return f"no weights: {error}; {ask}, or {repository.how_to}"
    return None


def here(repository: Repository, folder: Folder = None, revision: str | None = None) -> Files:
    """The files in a folder, or in the hub's cache; no network.

    Args:
        repository: where they are published.
        folder: to look in, instead of the hub's cache.
        revision: on the hub; None for the pinned one.

    Raises:
        NotHereError: the cache does not hold them.
        MetricError: the folder does not, or a file is not what was published.
    """
    if folder is not None:
        return in_folder(repository, Path(folder))
    at = revision or repository.revision
    known = {name: cached(repository.repo, name, at) for name in (*repository.beside, *repository.weights)}
    found = {name: Path(path) for name, path in known.items() if isinstance(path, str)}
    weights = next((name for name in repository.weights if name in found), None)
    absent = [name for name in repository.beside if name not in found]
    if weights is None or absent:
        name = (absent or [repository.weights[0]])[0]
        raise NotHereError(f"{repository.repo}'s {name} at revision {at[:12]} is not on this machine")
    beside = {name: found[name] for name in repository.beside}
    for path in (found[weights], *beside.values()):
        verify(path, _wanted(repository, at), repository.sha256)
    return Files(found[weights], beside, found[weights].parent.name)


def in_folder(repository: Repository, folder: Path) -> Files:
    """The files in a folder.

    Raises:
        MetricError: there is no such folder, or it lacks one.
    """
    option = f"--set {repository.metric}.{repository.setting}={folder}"
    if not folder.is_dir():
        raise MetricError(f"{option}: no such folder")
    weights = next((path for path in map(folder.joinpath, repository.weights) if path.is_file()), None)
    if weights is None:
        raise MetricError(f"{option}: there is no {' and no '.join(repository.weights)} in it")
    # what the trainer wrote as one file says by itself what transformers' files have beside them
    needed = repository.beside or (("config.json",) if weights.suffix in TRANSFORMERS else ())
    for name in needed:
        if not (folder / name).is_file():
            raise MetricError(f"{option}: there is no {name} in it")
    beside = {name: folder / name for name in (*needed, "preprocessor_config.json") if (folder / name).is_file()}
    return Files(weights, beside, LOCAL)


TRANSFORMERS = (".safetensors", ".bin")
"""How files of weights end that need a ``config.json`` beside them."""


def located(
    repository: Repository,
    folder: Folder = None,
    revision: str | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
) -> Files:
    """The files as :func:`here` finds them, fetched from the hub where they are not on this machine.

    Args:
        repository: where they are published.
        folder: to look in, instead of the hub.
        revision: on the hub: commit, tag or branch; None for the pinned one.
        say: told the size and the licence in one line before anything is fetched.

    Raises:
        MetricError: they cannot be had; says why and what to do.
    """
    metric = repository.metric
    try:
        return here(repository, folder, revision)
    except NotHereError as absent:
        reason = why_not_fetched(repository.how_to)
        if reason:
            raise MetricError(f"{metric}: weights are not available: {absent}, and {reason}") from absent
    except MetricError as error:
        raise MetricError(f"{metric}: {error}") from error
    say(f"{metric}: fetching weights ({repository.size}) into {cache_folder()}; {repository.licence}")
    download(_wanted(repository, revision or repository.revision), repository.beside, repository.weights)
    try:
        return here(repository, None, revision)
    except MetricError as error:
        raise MetricError(f"{metric}: fetched, but {error}; {repository.how_to}") from error


def fetch(repository: Repository, revision: str | None = None) -> Iterator[str]:
    """Fetch what a metric needs; yield lines that say what is done, the licence before anything else.

    Args:
        repository: where its files are published.
        revision: on the hub: commit, tag or branch; None for the pinned one.

    Raises:
        MetricError: as :func:`located`.
    """
    yield f"{repository.metric}: {repository.size} from {repository.repo} into {cache_folder()}"
    yield repository.licence
    files = located(repository, None, revision, say=lambda line: None)
    for path in (files.weights, *files.beside.values()):
        yield f"{path} (revision {files.revision}, SHA-256 {sha256_of(path)})"


def _wanted(repository: Repository, revision: str) -> Wanted:
    return Wanted(
        repository.metric,
        repository.repo,
        revision,
        repository.revision,
        size=repository.size,
        how_to=repository.how_to,
    )
