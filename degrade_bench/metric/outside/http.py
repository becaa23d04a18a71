"""A metric behind an address: requests are posted, as JSON, and scores come back.

No proxy is used, whatever the environment says, and no redirection is followed: samples go where the user said.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import SplitResult, urlsplit

import numpy as np

from degrade_bench._support.interrupts import heard_at_once
from degrade_bench._support.texts import one_line, said
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.identity import CODE, UNKNOWN
from degrade_bench.metric.outside.declaration import Asked
from degrade_bench.metric.outside.messages import request, scores_of
from degrade_bench.metric.outside.transport import Said, Signals
from degrade_bench.metric.traits import TRAITS

WAIT_SECONDS = 10.0
"""How long a server that refuses connections is waited for: it may be starting, or starting again."""
AGAIN_SECONDS = 0.2
MOST_BYTES = 16 << 20
"""The longest answer that is read."""


class Address:
    """A metric at ``http://…`` or ``https://…``.

    Args:
        asked: the metric.
        timeout: seconds for an answer; None for as long as it takes.

    Raises:
        ConfigError: no such address can be.
    """

    def __init__(self, asked: Asked, timeout: float | None) -> None:
        self._asked, self._timeout = asked, timeout
        self._url = _checked(asked)

    def said(self) -> Said:
        """What the server answers to a GET, where that is a JSON object: traits, its version among them.

        Raises:
            MetricError: it cannot be reached.
        """
        try:
            status, _, content = self._exchange("GET", None)
        except (MetricDiedError, ForeignMetricError) as error:
            raise MetricError(f"metric {self._asked.spec!r} cannot be reached: {error}") from None
        traits = _object(content) if status == 200 else None
        known = {name: value for name, value in (traits or {}).items() if name in TRAITS and value is not None}
        version = known.get("version", self._asked.declared.version)
        code = {CODE: UNKNOWN} if version is None else {}
        return Said({"url": self._asked.declared.url or "", **code}, known)

    def scores(self, signals: Signals) -> list[list[float]]:
        """The scores that the server answers.

        Raises:
            ForeignMetricError: another status than 200, or no scores.
            MetricDiedError: nothing listens there, the connection was lost, or it did not answer in time.
            NotApplicableError: it says that it does not apply.
        """
        every = [*signals.samples, *(signals.references or ())]
        carried = [base64.b64encode(np.ascontiguousarray(one.T, dtype="<f4").data).decode() for one in every]
        body = json.dumps(request(signals, "data", carried)).encode()
        status, reason, content = self._exchange("POST", body)
        answer = _object(content)
        if status != 200:
            words = (answer or {}).get("error") or content[:1000].decode("utf-8", "replace")
            raise ForeignMetricError(f"it answered {status} {reason}: {one_line(str(words))}".rstrip(": "))
        if answer is None:
            raise ForeignMetricError("its answer is no JSON object")
        return scores_of(answer, signals)

    def close(self) -> None:
        """Nothing is held between calls."""

    def _exchange(self, method: str, body: bytes | None) -> tuple[int, str, bytes]:
        """One request: the answer's status, its words and its content."""
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        try:
            with heard_at_once(), closing(self._connected(deadline)) as connection:
                headers = {"Content-Type": "application/json", "Connection": "close"} if body else {}
                connection.request(method, self._target, body, headers)
                response = connection.getresponse()
                content = bytearray()
                while piece := response.read1(1 << 16):
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise ForeignMetricError(f"its answer is longer than {MOST_BYTES >> 20} MB")
                    _give(connection, self._left(deadline))
                return response.status, one_line(response.reason), bytes(content)
        except TimeoutError:
            raise MetricDiedError(f"it did not answer within {self._timeout:g} s") from None
        except http.client.HTTPException as error:
            raise MetricDiedError(f"it does not speak HTTP: {said(error)}") from None
        except OSError as error:
            raise MetricDiedError(f"the connection failed: {error.strerror or said(error)}") from None

    def _connected(self, deadline: float | None) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        assert self._url.hostname is not None
        patience = time.monotonic() + WAIT_SECONDS
        while True:
            connection = kind(self._url.hostname, self._url.port, timeout=self._left(deadline))
            try:
                connection.connect()
                _give(connection, self._left(deadline))
                return connection
            except ConnectionRefusedError:
                connection.close()
                if time.monotonic() + AGAIN_SECONDS > min(patience, deadline or patience):
                    raise
                time.sleep(AGAIN_SECONDS)
            except BaseException:
                connection.close()
                raise

    def _left(self, deadline: float | None) -> float | None:
        """Seconds until the deadline.

        Raises:
            TimeoutError: none are left.
        """
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        return left

    @property
    def _target(self) -> str:
        return (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")


def _give(connection: http.client.HTTPConnection, seconds: float | None) -> None:
    if connection.sock is not None:  # it is gone once the answer has been read
        connection.sock.settimeout(seconds)


def _checked(asked: Asked) -> SplitResult:
    """The address of a metric, taken apart.

    Raises:
        ConfigError: it is none, or holds credentials, which would stand in ``run.json``.
    """
    text = asked.declared.url or ""
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:  # of the port
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text:
        raise asked.wrong("expected an address such as http://127.0.0.1:8000/score")
    if "@" in url.netloc:
        raise ConfigError(f"--metric {url.scheme}://…: credentials do not belong in an address: it is recorded")
    return url


def _object(content: bytes) -> Mapping[str, Any] | None:
    """A JSON object; None for anything else."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
