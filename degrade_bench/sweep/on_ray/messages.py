"""What the processes of a cluster are given, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from degrade_bench._version import __version__
from degrade_bench.runs.provenance import git_revision, library_versions
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.resume import SAMPLES_DEPEND_ON


@dataclass(frozen=True)
class Recipe:
    """How a metric is made on another machine.

    Attributes:
        spec: a registered name, ``package.module:Name`` or ``path/to/file.py:Name``.
        settings: keyword arguments of its class.
        device: ``auto``, ``cpu`` or ``cuda``.
        timeout: seconds for one batch, where it runs in a process of its own; None for no limit.
        fingerprint: that it must have.
    """

    spec: str
    settings: Mapping[str, Any]
    device: str
    timeout: float | None
    fingerprint: str


@dataclass(frozen=True)
class Greeting:
    """A process is ready.

    Attributes:
        node: the id of its node.
        host: the address of its node.
        versions: of what samples and scores depend on.
    """

    node: str
    host: str
    versions: Mapping[str, str | None]


@dataclass(frozen=True, eq=False)
class Handed:
    """A block of which some metrics are scored on a device.

    Attributes:
        result: the block without what these metrics are given.
        metrics: that are scored there.
        size: of what they are given, in bytes.
        apart: the reference to a :class:`BlockResult` with that, and with nothing else.
    """

    result: BlockResult
    metrics: frozenset[str]
    size: int
    apart: Any = None


@cache
def versions() -> dict[str, str | None]:
    """Versions of what samples and scores depend on, in this process."""
    installed = {"degrade-bench": __version__, **library_versions()}
    relevant = {name: version for name, version in installed.items() if name in SAMPLES_DEPEND_ON}
    return {**relevant, "git revision": git_revision()}


def difference(greeting: Greeting) -> str | None:
    """In what a process differs from this one that would change what is scored, in words; None for in nothing."""
    for name, version in versions().items():
        other = greeting.versions.get(name)
        unknown = name == "git revision" and other is None
        if version is not None and other != version and not unknown:
            return (
                f"node {greeting.host} of the cluster has {name} {other or '(none)'}, this process has {version}: "
                "what they score would differ; install the same on every node"
            )
    return None
