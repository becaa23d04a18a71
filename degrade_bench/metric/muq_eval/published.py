"""What a repository on the hub holds; and what is reported of its weights, which is too little to refuse others.

Source of what is reported: one public project that uses A1 pins its file to a SHA-256. The authors publish none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REPORTED_SHA256 = {"a1": "4163ec9ba81bc0f7616611804414215220ae46fe1c8ae6fdff3f7919e7d21455"}
"""Of a variant's ``model_state_dict.pt``."""


@dataclass(frozen=True)
class Published:
    """A repository on the hub.

    Attributes:
        repo: its name.
        file: the file that must be had.
        revision: the commit that is asked for, or a branch where no commit is known.
        or_else: another file that is taken where the first is not there.
        beside: files that are taken along where they exist.
        sha256: what the files' bytes must be at that revision.
    """

    repo: str
    file: str
    revision: str
    or_else: str | None = None
    beside: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Names under which the file may be there, the first of them by preference."""
        return (self.file,) if self.or_else is None else (self.file, self.or_else)


def checkpoint_note(parts: Mapping[str, str]) -> str | None:
    """What is worth knowing of weights, from a fingerprint's parts ``variant`` and ``checkpoint_sha256``.

    None where they are those that are reported, where nothing is reported, and of any other metric.
    """
    reported, sha256 = REPORTED_SHA256.get(parts.get("variant", "")), parts.get("checkpoint_sha256")
    if reported is None or sha256 is None or sha256 == reported:
        return None
    return (
        f"its weights are other ones than another project uses under this name (SHA-256 {sha256[:12]}…, there "
        f"{reported[:12]}…): they may be of another revision, or changed; they are scored with all the same"
    )
