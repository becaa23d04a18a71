"""Imports that wait until something of the module is used.

What only reads names and texts of this package's modules need not wait for what they compute with. Python does this
by itself from 3.15 on (PEP 810). :class:`importlib.util.LazyLoader` does not serve: with Python 3.11 a module is
loaded as soon as a second module imports it.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def imported_later(module: str, within: str) -> Iterator[None]:
    """Inside the block, ``import MODULE`` in a package's modules gives a stand-in where MODULE is not loaded yet.

    The stand-in loads the module when something of it is asked for, in the block or after it. Other forms of the
    statement (``from MODULE import ...``, ``import MODULE.part``) load it at once, as do those in other packages.

    Args:
        module: one that stands in no package, such as ``torch``.
        within: the package whose modules may get the stand-in.
    """
    as_before = builtins.__import__

    def importing(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        importer = str((globals or {}).get("__name__", ""))
        if name == module and not fromlist and module not in sys.modules and importer.startswith(f"{within}."):
            return StandIn(module)
        return as_before(name, globals, locals, fromlist, level)

    builtins.__import__ = importing
    try:
        yield
    finally:
        builtins.__import__ = as_before


class StandIn(ModuleType):
    """Gives what the module of its name has, which is loaded when that is first asked for."""

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self.__name__), attribute)
