"""A package of somebody else's that computes a metric: whether it is there, and which it is."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from degrade_bench.errors import MetricError
from degrade_bench.metric.extras import not_installed


@dataclass(frozen=True)
class Package:
    """A package on the index.

    Attributes:
        module: what is imported.
        distribution: its name on the index.
        extra: of this package, which brings it.
    """

    module: str
    distribution: str
    extra: str

    def missing(self) -> str | None:
        """That it is not installed, and the command that installs it; None if it is."""
        return not_installed({self.module: self.distribution}, self.extra)

    def fingerprint_parts(self) -> dict[str, Any]:
        """Its version, and a hash of its files, those that are compiled too.

        Raises:
            MetricError: a file is missing or cannot be read.
        """
        return {
            "package": f"{self.distribution} {importlib.metadata.version(self.distribution)}",
            "package_sha256": _digest({str(path): path.read_binary() for path in self._files()}),
        }

    def _files(self) -> list[importlib.metadata.PackagePath]:
        """What its wheel installed to be imported or read, without what Python compiled of it afterwards."""
        listed = importlib.metadata.files(self.distribution) or []
        files = [
            path
            for path in listed
            if path.suffix != ".pyc" and ".." not in path.parts and not path.parts[0].endswith(".dist-info")
        ]
        gone = [str(path) for path in files if not Path(path.locate()).is_file()]
        if gone or not files:
            what = gone[0] if gone else "the list of its files"
            raise MetricError(f"{self.distribution}: {what} is missing; install {self.distribution} again")
        return sorted(files)


def _digest(contents: Mapping[str, bytes]) -> str:
    digests = [f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in contents.items()]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]
