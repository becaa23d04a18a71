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
OTHER_SCHEMES = frozenset(
    f"{name}:"
    for name in ("abfs", "abfss", "az", "file", "ftp", "gcs", "gs", "hdfs", "http", "https", "r2", "s3a", "s3n")
)
"""What somebody may give in place of the one scheme that there is."""

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
        StorageError: another scheme, no bucket, credentials or settings in it.
    """
    if path.parts and path.parts[0] in OTHER_SCHEMES:
        raise StorageError(f"{option} {shown(path)}: expected a path, or s3://BUCKET/PREFIX")
    if not is_stored(path):
        return path
    if len(path.parts) < 2:
        raise StorageError(f"{option} {shown(path)}: names no bucket; expected s3://BUCKET/PREFIX")
    if "@" in path.parts[1] or "?" in str(path):
        raise StorageError(
            f"{option} {SCHEME}//…: credentials and settings do not belong in an address; give them by "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and AWS_REGION"
        )
    return path


def bucket_of(path: Path) -> str:
    """The bucket of an address."""
    return path.parts[1]


def key_of(path: Path) -> str:
    """An address as pyarrow's file system takes it: ``bucket/key``, with ``..`` resolved within the bucket."""
    bucket, *inside = path.parts[1:]
    return bucket + posixpath.normpath("/" + "/".join(inside)).rstrip("/")


def shown(path: Path) -> str:
    """A path for messages: an address with both of its slashes."""
    scheme = path.parts[0] if path.parts else ""
    if is_stored(path) or scheme in OTHER_SCHEMES:
        return f"{scheme}//{'/'.join(path.parts[1:])}"
    return str(path)


def in_full(text: str) -> str:
    """A message in which addresses have both of their slashes.

    >>> in_full("s3:/bucket/song.wav: too short")
    's3://bucket/song.wav: too short'
    """
    return _COLLAPSED.sub("s3://", text)
