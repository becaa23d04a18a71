"""A typed, lazy registry with "did you mean".

A registry maps a name to an object, or to the dotted path ``package.module:attribute`` of one. Paths are
imported when first asked for, so that listing names costs no import. Third parties add to a registry
through an entry-point group; a plug-in that cannot be imported is reported when it is asked for by name,
and never stops the others from loading.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from degrade_bench._support.texts import one_line, said
from degrade_bench.errors import ConfigError, UnknownNameError

T = TypeVar("T")


def import_attribute(path: str) -> object:
    """Import ``package.module:attribute``.

    Raises:
        ConfigError: the path is malformed, the module cannot be imported, or the attribute is missing.
    """
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise ConfigError(f"{path!r} is not of the form 'package.module:name'")
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:  # a third party's module may raise anything while it is imported
        if isinstance(error, KeyboardInterrupt):
            raise
        why = one_line(str(error)) if isinstance(error, ImportError) else said(error)
        raise ConfigError(f"cannot import {module_name!r} (asked for by {path!r}): {why}") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ConfigError(f"module {module_name!r} has no {attribute!r}") from None


class Registry(Generic[T]):
    """Named objects of one kind, in the order of their registration.

    Args:
        kind: what is registered, in the singular, for messages ("degradation").
        entry_point_group: the group that third-party packages register in, or None.
    """

    def __init__(self, kind: str, entry_point_group: str | None = None) -> None:
        self.kind = kind
        self._group = entry_point_group
        self._entries: dict[str, T | str] = {}
        self._paths: dict[str, str] = {}
        self._plugins_read = entry_point_group is None

    def register(self, name: str, entry: T | str) -> None:
        """Add an object, or the path ``package.module:attribute`` of one, under ``name``.

        Raises:
            ConfigError: the name is taken by something else.
        """
        if name in self._entries and self._entries[name] != entry:
            raise ConfigError(f"{self.kind} {name!r} is registered twice")
        self._entries[name] = entry

    def _read_plugins(self) -> None:
        if self._plugins_read or self._group is None:
            return
        self._plugins_read = True
        for point in entry_points(group=self._group):
            self._entries.setdefault(point.name, point.value)

    def names(self) -> list[str]:
        """Every registered name, built-in ones first, without importing anything but entry points."""
        self._read_plugins()
        return list(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def origin(self, name: str) -> str:
        """The module that a name's object comes from, as it was registered; empty where that is not known."""
        entry = self._paths.get(name) or self._entries.get(name)
        return entry.partition(":")[0] if isinstance(entry, str) else ""

    def get(self, name: str) -> T:
        """The object registered under ``name``.

        Raises:
            UnknownNameError: nothing is registered under that name.
            ConfigError: its module cannot be imported.
        """
        self._read_plugins()
        if name not in self._entries:
            raise UnknownNameError(self.kind, name, self._entries, f"see `degrade-bench list {self.kind}s`")
        entry = self._entries[name]
        if isinstance(entry, str):
            self._paths[name] = entry
            entry = import_attribute(entry)  # type: ignore[assignment]
            self._entries[name] = entry
        return entry  # type: ignore[return-value]
