"""Addresses in object storage, ``s3://BUCKET/KEY``, carried about as paths.

``Path("s3://bucket/a/b.wav")`` is ``s3:/bucket/a/b.wav``: its name, suffix, parent and children are those of the
object, so whatever computes with paths does so with addresses, too. Only what opens, lists or writes files has to
ask :func:`is_stored`. Messages say the address as it was given (:func:`shown`, :func:`in_full`).
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from degrade_bench.errors import StorageError

SCHEME = "s3:"
_SCHEME = re.compile(r"[A-Za-z][\w+.-]+:")
"""How an address begins, whatever its scheme; a drive's letter is none."""
_BUCKET = re.compile(r"[\w.-]+")
_NO_TEXT = re.compile(r"[\0\ud800-\udfff]")
_COLLAPSED = re.compile(r"(?<![\w/:])s3:/(?=[^/\s])")


def is_stored(path: Path) -> bool:
    """Whether a path is an address in object storage."""
    return path.parts[:1] == (SCHEME,)


def checked_address(path: Path, option: str) -> Path:
    """A path, or an address that has a bucket and says nothing but where.

    Args:
        path: what the user gave.
        option: how the user named it, for messages.

    Raises:
        StorageError: another scheme, no bucket, credentials, settings or ``..`` in it.
    """
    if is_foreign(path):
        raise StorageError(f"{option} {shown(path)}: expected a path, or s3://BUCKET/PREFIX")
    if not is_stored(path):
        return path
    if len(path.parts) < 2:
        raise StorageError(f"{option} {shown(path)}: names no bucket; expected s3://BUCKET/PREFIX")
    above = "".join(path.parts[1:-1] if len(path.parts) > 2 else path.parts[1:])
    if "@" in above or "?" in str(path) or _NO_TEXT.search(str(path)) or not _BUCKET.fullmatch(path.parts[1]):
        raise StorageError(
            f"{option} {SCHEME}//…: expected s3://BUCKET/PREFIX; credentials and settings do not belong in "
            "an address: give them by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and AWS_REGION"
        )
    if ".." in path.parts:
        raise StorageError(f"{option} {shown(path)}: '..' leads nowhere in an address; expected s3://BUCKET/PREFIX")
    return path


def is_foreign(path: Path) -> bool:
    """Whether a path is an address of another scheme than the one that there is."""
    return not is_stored(path) and bool(path.parts) and bool(_SCHEME.fullmatch(path.parts[0]))


def beside(path: Path, name: str) -> Path:
    """A path as a file means it: from where that file lies, unless it is an address.

    Args:
        path: the file.
        name: what it says.
    """
    named = Path(name)
    if is_stored(named) or is_foreign(named):
        return named
    found = path.parent / name
    return Path(f"{SCHEME}/{key_of(found)}") if is_stored(found) else found


def bucket_of(path: Path) -> str:
    """The bucket of an address."""
    return path.parts[1]


def key_of(path: Path) -> str:
    """An address as pyarrow's file system takes it: ``bucket/key``, with ``..`` resolved within the bucket."""
    bucket, *inside = path.parts[1:]
    return bucket + posixpath.normpath("/" + "/".join(inside)).rstrip("/")


def shown(path: Path) -> str:
    """A path for messages: an address with both of its slashes; of other schemes nothing but that."""
    if is_foreign(path):
        return f"{path.parts[0]}//…"  # there may be credentials in it
    return f"{SCHEME}//{'/'.join(path.parts[1:])}" if is_stored(path) else str(path)


def in_full(text: str) -> str:
    """A message in which addresses have both of their slashes.

    >>> in_full("s3:/bucket/song.wav: too short")
    's3://bucket/song.wav: too short'
    """
    return _COLLAPSED.sub("s3://", text)
