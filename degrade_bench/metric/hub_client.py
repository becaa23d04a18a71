"""The Hugging Face hub through its client: what its cache holds, what a file must be, and how files get here.

Nothing is imported but the client, and that only where it is needed, so that looking costs little.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from degrade_bench._support.files import sha256_of
from degrade_bench.errors import MetricError
from degrade_bench.metric.hub_errors import HubFile, explained, is_absent, shortened


class NotHereError(MetricError):
    """A file of the hub's that is not on this machine: it can be fetched."""


@dataclass(frozen=True)
class Wanted:
    """Files of a repository that a metric needs.

    Attributes:
        metric: that needs them.
        repo: on the hub.
        revision: that is asked for.
        pinned: that is asked for by default.
        size: of all that is fetched with them, in words.
        how_to: what to do where they cannot be had.
    """

    metric: str
    repo: str
    revision: str
    pinned: str
    size: str
    how_to: str


def cache_folder() -> str:
    """Where the hub's client keeps what it fetches."""
    from huggingface_hub import constants

    return str(constants.HF_HUB_CACHE)


def offline_by() -> str | None:
    """The environment variable that keeps the hub's client off the network; None if it may ask."""
    from huggingface_hub import constants

    if not constants.HF_HUB_OFFLINE:
        return None
    other = os.environ.get("TRANSFORMERS_OFFLINE") and not os.environ.get("HF_HUB_OFFLINE")
    return "TRANSFORMERS_OFFLINE" if other else "HF_HUB_OFFLINE"


def unreachable() -> str | None:
    """Why the hub cannot be reached; None if it can.

    It is asked once: its client would try for half a minute, and print every try.
    """
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception as error:  # the client raises its HTTP library's errors, which differ between versions
        return f"the hub cannot be reached ({type(error).__name__}: {shortened(error, 120)})"
    return None


def why_not_fetched(how_to: str) -> str | None:
    """What keeps files from being fetched, and what to do; None if nothing does.

    Args:
        how_to: have them in another way.
    """
    variable = offline_by()
    if variable is not None:
        return f"{variable} is set; unset it, or {how_to}"
    reason = unreachable()
    return None if reason is None else f"{reason}; {how_to}"


def cached(repo: str, name: str, revision: str) -> object:
    """What the hub's client knows of a file in its cache: its path, that there is none, or nothing (None).

    Of a repository without a folder in the cache it knows nothing. That is seen without loading the client, which
    takes a quarter of a second.

    Args:
        repo: on the hub.
        name: of the file.
        revision: commit, tag or branch.
    """
    if not os.path.isdir(os.path.join(cache_folder(), f"models--{repo.replace('/', '--')}")):
        return None
    from huggingface_hub import try_to_load_from_cache

    return try_to_load_from_cache(repo, name, revision=revision)


def verify(path: Path, wanted: Wanted, sha256: Mapping[str, str]) -> None:
    """Refuse a file that is not what was published at the pinned revision.

    Args:
        path: in the cache.
        wanted: which it is.
        sha256: what files must be at that revision, by name.

    Raises:
        MetricError: it is not; says what to do.
    """
    expected = sha256.get(path.name)
    if wanted.revision != wanted.pinned or expected is None or (digest := sha256_of(path)) == expected:
        return
    # the cache's files are links to blobs, and the client would link a wrong blob again
    raise MetricError(
        f"{path} is not {wanted.repo}'s at revision {wanted.pinned[:12]}: its SHA-256 is {digest}, "
        f"expected {expected}; delete {path.resolve()} and run `degrade-bench fetch {wanted.metric}`"
    )


def download(wanted: Wanted, beside: Sequence[str], files: Sequence[str], needs_beside: bool = True) -> None:
    """Fetch files from the hub, all of one commit.

    Args:
        wanted: whose they are.
        beside: files that come first.
        files: of which one is needed: the first that there is.
        needs_beside: whether those that come first have to be there.

    Raises:
        MetricError: they cannot be had; says why and what to do.
    """
    from huggingface_hub import hf_hub_download, utils

    if not sys.stderr.isatty():
        utils.disable_progress_bars()  # type: ignore[attr-defined]
    at = wanted.revision
    for name in (*beside, *files):
        try:
            path = hf_hub_download(wanted.repo, name, revision=at, etag_timeout=10)
        except Exception as error:  # the hub client raises many kinds: network, HTTP, disk, cache
            absent = is_absent(error)
            if absent and name != files[-1] and (name in files or not needs_beside):
                continue
            named = " and no ".join(files) if absent and name in files else name
            file = HubFile(wanted.repo, named, wanted.revision, wanted.pinned, cache_folder(), wanted.size)
            why = explained(error, file)
            raise MetricError(f"{wanted.metric}: weights are not available: {why}; {wanted.how_to}") from error
        if name in files:
            return
        at = Path(path).parent.name  # its commit: a branch may move while its files are fetched
