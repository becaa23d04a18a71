"""Modules out of files that are named by their paths; any process can import them again by their names.

The name of such a module holds the path and a digest of the file's bytes. So an object of one of its classes can be
sent to a worker, two files never share a module, and a file that has changed meanwhile is refused.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

PREFIX = "degrade_bench_file_"
DIGITS = 16
"""Of the digest, in hexadecimal."""


def module_from(path: Path) -> ModuleType:
    """The module of a file, which is imported unless it is here already.

    Raises:
        OSError: the file cannot be read.
        Exception: whatever it raises while it is imported.
    """
    install()
    return importlib.import_module(f"{PREFIX}{_digest(path)}_{os.fsencode(path.absolute()).hex()}")


def importable(place: str) -> str:
    """Of ``path/to/file.py:Name`` the same as ``module:Name``, which any process can import.

    Raises:
        OSError, Exception: as :func:`module_from`.
    """
    file, _, name = place.rpartition(":")
    return f"{module_from(Path(file)).__name__}:{name}"


def install() -> None:
    """Have this process import such modules by their names."""
    if not any(isinstance(finder, _FromFiles) for finder in sys.meta_path):
        sys.meta_path.append(_FromFiles())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]


class _FromFiles(MetaPathFinder):
    """Finds the file of a module by its name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The file that the name says, if it is what it was; None for any other name.

        Args:
            fullname: of the module.
            path: where a package's modules are; these are in none.
            target: likewise.
        """
        if not fullname.startswith(PREFIX):
            return None
        digest, _, encoded = fullname.removeprefix(PREFIX).partition("_")
        file = Path(os.fsdecode(bytes.fromhex(encoded)))
        if _digest(file) != digest:
            raise ImportError(f"{file} has changed since the run began")
        return spec_of(fullname, file)


def spec_of(name: str, path: Path) -> ModuleSpec:
    """How a module is made from a file as it is now.

    Args:
        name: of the module.
        path: of the file.
    """
    spec = importlib.util.spec_from_file_location(name, path, loader=_AsItIs(name, str(path)))
    assert spec is not None
    return spec


class _AsItIs(SourceFileLoader):
    """Compiles the file itself: bytecode that is kept may be of a version of the same second and size."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the file."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code
