"""What the errors of the Hugging Face hub's client mean, in words that say what to do."""

from __future__ import annotations

import errno
from dataclasses import dataclass


@dataclass(frozen=True)
class HubFile:
    """A file that was asked for.

    Attributes:
        repo: its repository.
        name: of the file.
        revision: that it was asked for at.
        pinned: the revision that is asked for by default.
        folder: where the client keeps what it fetches.
        size: of all that is fetched with it, in words.
    """

    repo: str
    name: str
    revision: str
    pinned: str
    folder: str
    size: str


def is_absent(error: Exception) -> bool:
    """Whether the hub said that there is no such file. Without network the client raises a subclass."""
    from huggingface_hub import errors

    return isinstance(error, errors.EntryNotFoundError) and not isinstance(error, errors.LocalEntryNotFoundError)


def explained(error: Exception, file: HubFile) -> str:
    """What went wrong, in the user's words where it is a known case."""
    from huggingface_hub import errors

    code = getattr(error, "errno", None)
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{file.repo} has no revision {file.revision!r}; leave it out for {file.pinned!r}"
    if isinstance(error, errors.GatedRepoError):
        return f"{file.repo} asks for a login: `hf auth login`, or set HF_TOKEN"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"the hub has no repository {file.repo} that may be read"
    if is_absent(error):
        return f"{file.repo} has no {file.name} at revision {file.revision!r}"
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"no room for {file.size} in {file.folder}: free some, or set HF_HOME to another disk"
    if isinstance(error, PermissionError) or code in (errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return f"{file.folder} cannot be written: set HF_HOME to another folder"
    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # it says only that something went wrong; this is what
    said = f"{type(error).__name__}: {shortened(error, 200)}"
    return f"{file.repo}'s {file.name} at revision {file.revision!r} cannot be fetched ({said})"


def shortened(error: Exception, most: int) -> str:
    """What an error says, in one line of so many characters at most."""
    return " ".join(str(error).split())[:most]
