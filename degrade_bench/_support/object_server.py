"""The server of object storage: how it is reached, how long it is waited for, and what its errors mean.

Settings come from the environment, where a worker on any machine finds them, too: credentials as the AWS tools take
them, ``AWS_ENDPOINT_URL`` (or ``AWS_ENDPOINT_URL_S3``) for a server of one's own, ``AWS_REGION`` (or
``AWS_DEFAULT_REGION``).
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from degrade_bench._support.addresses import bucket_of
from degrade_bench.errors import StorageError

PATIENCE_VARIABLE = "DEGRADE_BENCH_STORE_PATIENCE"
PATIENCE_SECONDS = 600.0
"""How long a server that cannot be reached is waited for."""
LONGEST_PAUSE = 30.0
CONNECT_SECONDS, REQUEST_SECONDS, ATTEMPTS = 5.0, 20.0, 2
"""Of a single request."""
_CODE = re.compile(r"AWS Error ([A-Z_]+)")
_REFUSED = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "INVALID_CLIENT_TOKEN_ID")
_AWAY = (
    *("NETWORK_CONNECTION", "REQUEST_TIMEOUT", "SLOW_DOWN", "SERVICE_UNAVAILABLE", "INTERNAL_FAILURE"),
    *("THROTTLING", "REQUEST_EXPIRED"),
)
_STATUS = re.compile(r"HTTP status (-?\d+)")
_REFUSED_STATUSES, _AWAY_STATUSES = (400, 401, 403), (-1, 0, 408, 429, *range(500, 600))
_REASON = re.compile(r"ExceptionName: (\w+)")

_waited_in_vain = threading.Event()
"""Whether this process has waited for a server for as long as it may, and has heard nothing of it since."""


class ObjectError(OSError):
    """A request that failed; its text says why, in words that go after the address.

    Args:
        reason: such as ``no such bucket``.
        may_pass: whether the same request may succeed later: the server was away or busy.
    """

    def __init__(self, reason: str, may_pass: bool = False) -> None:
        super().__init__(None, reason)
        self.reason, self.may_pass = reason, may_pass

    def __str__(self) -> str:
        return self.reason

    def __reduce__(self) -> tuple[type[ObjectError], tuple[str, bool]]:
        return ObjectError, (self.reason, self.may_pass)


def may_pass(error: BaseException | None) -> bool:
    """Whether an error comes of a server that was away or busy, or of a full disk here: not of what is read."""
    while error is not None:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if full or (isinstance(error, ObjectError) and error.may_pass):
            return True
        error = error.__cause__
    return False


def patience() -> float:
    """Seconds that a server which is away is waited for.

    Raises:
        StorageError: the environment says something else than a number.
    """
    text = os.environ.get(PATIENCE_VARIABLE, "")
    try:
        seconds = float(text or PATIENCE_SECONDS)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise StorageError(f"{PATIENCE_VARIABLE}={text}: expected a number of seconds")
    return seconds


def pauses_between() -> Iterator[float]:
    """Seconds to wait between attempts: 1, 2, 4 and so on, half a minute at most."""
    pause = 1.0
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)


def patient(request: Callable[[Path], Any], path: Path) -> Any:
    """What a request gives, which is made again for as long as :func:`patience` where the server is away.

    Once a process has waited so long in vain, it makes one attempt for every request until one succeeds.

    Args:
        request: to be made.
        path: the address that it is given.

    Raises:
        OSError: as the request.
    """
    end = time.monotonic() + (0.0 if _waited_in_vain.is_set() else patience())
    pauses = pauses_between()
    while True:
        try:
            given = request(path)
        except ObjectError as error:
            pause = next(pauses)
            if not error.may_pass:
                raise
            if time.monotonic() + pause > end:
                _waited_in_vain.set()
                raise
        else:
            _waited_in_vain.clear()
            return given
        time.sleep(pause)


def client(path: Path) -> Any:
    """The file system for an address, as the environment sets it."""
    settings = tuple(map(_setting, _VARIABLES))
    return _connected(bucket_of(path), settings, os.getpid())


_VARIABLES = (
    *("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
)
_SETTLED: dict[str, str | None] = {}
"""What they were when a run began; nothing where none goes on."""


def endpoint() -> str | None:
    """The server that the environment names; None for Amazon's."""
    return _setting("AWS_ENDPOINT_URL_S3") or _setting("AWS_ENDPOINT_URL") or None


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """Let the settings stay what they are, whatever anybody does to the environment meanwhile."""
    before = dict(_SETTLED)
    _SETTLED.update(before or {name: os.environ.get(name) for name in _VARIABLES})
    try:
        yield
    finally:
        _SETTLED.clear()
        _SETTLED.update(before)


def _setting(name: str) -> str | None:
    return _SETTLED[name] if _SETTLED else os.environ.get(name)


@functools.lru_cache(maxsize=8)
def _connected(bucket: str, settings: Sequence[str | None], process: int) -> Any:
    """A file system for a bucket.

    Args:
        bucket: its name, by which its region is found where nothing else says it.
        settings: of the environment; they are here to be remembered by.
        process: the number of this process: a connection does not survive a fork.
    """
    import pyarrow.fs as filesystems

    if not hasattr(filesystems, "S3FileSystem"):
        raise StorageError(
            "this build of pyarrow has no S3: install pyarrow from PyPI or conda-forge's libarrow-all"
        )
    server = endpoint()
    region = _setting("AWS_REGION") or _setting("AWS_DEFAULT_REGION")
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "request_timeout": REQUEST_SECONDS,
        "retry_strategy": filesystems.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    }
    if server is not None:
        try:
            parts = urlsplit(server if "//" in server else f"//{server}", scheme="https")
            is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in server
        except ValueError:
            is_one = False
        if not is_one:
            raise StorageError(
                f"AWS_ENDPOINT_URL={_server_name()}: expected an address such as http://127.0.0.1:9000, without "
                "credentials"
            )
        options.update(scheme=parts.scheme, endpoint_override=parts.netloc + parts.path.rstrip("/"))
    options["region"] = region or (filesystems.resolve_s3_region(bucket) if server is None else "us-east-1")
    try:  # from pyarrow 17 on: a small object is one request
        return filesystems.S3FileSystem(**options, allow_delayed_open=True)
    except TypeError:
        return filesystems.S3FileSystem(**options)


@contextlib.contextmanager
def reasons(path: Path) -> Iterator[None]:
    """Let pyarrow's errors come as reasons in a line."""
    import pyarrow

    try:
        yield
    except (FileNotFoundError, ObjectError):
        raise
    except (OSError, pyarrow.ArrowException) as error:
        if may_pass(error):  # the disk is full that is copied to
            raise
        raise meaning(str(error), bucket_of(path)) from error


def meaning(text: str, bucket: str) -> ObjectError:
    """What an error of pyarrow's means."""
    code = match[1] if (match := _CODE.search(text)) else ""
    status = int(match[1]) if (match := _STATUS.search(text)) else None
    server = _server_name()
    if code == "NO_SUCH_BUCKET" or text.startswith(f"Bucket '{bucket}' not found"):
        return ObjectError(f"there is no bucket {bucket!r} at {server}")
    if status == 301:
        return ObjectError(f"bucket {bucket!r} is in another region: set AWS_REGION")
    is_known = code not in ("", "UNKNOWN")
    if code in _REFUSED or (not is_known and status in _REFUSED_STATUSES):
        why = match[1] if (match := _REASON.search(text)) else code.lower() if is_known else status
        return ObjectError(f"{server} gives no access to bucket {bucket!r} ({why}){_hint()}")
    if code in _AWAY or (status in _AWAY_STATUSES if status is not None else code == "UNKNOWN"):
        details = text.rpartition("Details: ")[2] if "Details: " in text else code.lower().replace("_", " ")
        return ObjectError(f"{server} cannot be reached ({' '.join(details.split())[:200]})", may_pass=True)
    return ObjectError(" ".join(text.split())[:300])


def _server_name() -> str:
    """The server for messages: what somebody may have put before its name stays out of them."""
    return re.sub(r"^([^@]*//)?.*@", r"\1…@", endpoint() or "Amazon's servers")


def _hint() -> str:
    """What to do about credentials, where there are none that one could see."""
    files = map(os.path.expanduser, ("~/.aws/credentials", "~/.aws/config"))
    if any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")) or any(
        map(os.path.isfile, files)
    ):
        return "; are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY right?"
    return "; there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
