"""The cluster: how this process joins it, and what it has."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from degrade_bench._support.texts import said
from degrade_bench.errors import ConfigError

PORT = 6379
"""Of a head node, where an address has none."""

ANSWER_SECONDS = 10.0
"""So long a head node may take to answer."""

LOCAL = "local"
"""The address of a cluster that is started on this machine, and ends with this process."""


@dataclass(frozen=True)
class Cluster:
    """What a cluster has.

    Attributes:
        nodes: that are alive.
        processors: of all of them.
        devices: GPUs of all of them.
    """

    nodes: int
    processors: int
    devices: int

    def __str__(self) -> str:
        parts = [(self.nodes, "node"), (self.processors, "processor"), (self.devices, "GPU")]
        named = [f"{count} {name}{'s' * (count != 1)}" for count, name in parts if count]
        return f"Ray cluster ({', '.join(named)})"


def joined(address: str) -> Cluster:
    """Join a cluster, unless this process is part of one, and say what it has.

    Args:
        address: ``auto`` for the cluster of this machine or of ``RAY_ADDRESS``, ``HOST`` or ``HOST:PORT`` of a head
            node, ``local`` to start one here.

    Raises:
        ConfigError: Ray is not installed, no cluster answers there, or it has no processor.
    """
    try:
        import ray
    except ImportError:
        raise ConfigError("--engine ray needs Ray: pip install 'degrade-bench[ray]'") from None
    if "://" in address:
        raise ConfigError(f"--ray-address {address}: run on a node of the cluster, and give auto or HOST:PORT")
    if not ray.is_initialized():
        try:
            _check_answers(address)
            with _own_signals(), _no_usage_statistics():
                ray.init(**_options(address), log_to_driver=False, logging_level="ERROR")
        except Exception as error:  # ConnectionError where none is found, others where one does not answer
            raise ConfigError(
                f"--ray-address {address}: no cluster answers there ({said(error)[:200]}); start one with "
                f"`ray start --head`, or give --ray-address {LOCAL}"
            ) from error
    has = ray.cluster_resources()
    nodes = sum(bool(node["Alive"]) for node in ray.nodes())
    cluster = Cluster(nodes, int(has.get("CPU", 0)), int(has.get("GPU", 0)))
    if cluster.processors < 1:
        raise ConfigError(f"--engine ray: the {cluster} has no processor to work with")
    return cluster


def is_alive(node: str | None) -> bool:
    """Whether the cluster still counts on a node, by id."""
    import ray

    return any(each["NodeID"] == node and each["Alive"] for each in ray.nodes())


def _check_answers(address: str) -> None:
    """See whether anything listens at an address: Ray itself would try for minutes.

    Raises:
        OSError: nothing does.
        ValueError: the port is no number.
    """
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", "auto")
    if address not in ("auto", LOCAL):
        host, _, port = _with_port(address).rpartition(":")
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()


def _with_port(address: str) -> str:
    return address if ":" in address else f"{address}:{PORT}"


def _options(address: str) -> dict[str, Any]:
    if address == LOCAL:
        return {"address": LOCAL, "include_dashboard": False}
    return {"address": address if address == "auto" else _with_port(address)}


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handler of SIGTERM: joining a cluster puts Ray's in its place, which ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if former is None else former)


@contextmanager
def _no_usage_statistics() -> Iterator[None]:
    """A cluster that is started here reports its use to nobody, unless the user wants that."""
    name = "RAY_USAGE_STATS_ENABLED"
    if name in os.environ:
        yield
        return
    os.environ[name] = "0"
    try:
        yield
    finally:
        del os.environ[name]
