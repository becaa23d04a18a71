"""Degradations by name, or by where their class is: ``file.py:Name``, ``file.py`` and ``package.module:Name``.

What comes from a file or a module that is not registered is recorded with a digest of its code, as part of its
``definition``: a run does not go on with other code under the same name.
"""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from degrade_bench._support.file_modules import module_from
from degrade_bench._support.guard import contained
from degrade_bench._support.registry import import_attribute
from degrade_bench._support.source_files import (
    UnreadableError,
    is_installed,
    local_files,
    module_file,
    package_files,
)
from degrade_bench._support.texts import said
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.errors import ConfigError, DegradeBenchError, UnknownNameError

FILES = ".py"


def is_reference(name: str) -> bool:
    """Whether a degradation is named by where its class is.

    >>> [is_reference(name) for name in ("white_noise", "mine.py", "mine.py:Hum", "package.module:Hum")]
    [False, True, True, True]
    """
    return ":" in name or name.endswith(FILES)


def get(name: str, folder: Path | None = None) -> Degradation:
    """The degradation of a name, or the placebo of one where the name ends in ``_placebo``.

    Args:
        name: registered, or one that :func:`is_reference`.
        folder: where a relative path of a file is meant from; by default the working directory.

    Raises:
        UnknownNameError: no such name; says which are near.
        ConfigError: there is no such file, module or class, it cannot be imported or made, or it is no degradation.
    """
    if not is_reference(name):
        return catalogue.get(name)
    file, colon, attribute = name.rpartition(":")
    path = Path(file if colon else name)
    if path.suffix == FILES:
        module = _module(name, path if folder is None else folder / path)
        attribute = attribute if colon else _only_class(name, module)
        kind = _of_module(name, module, attribute)
    else:
        kind = _imported(name, attribute)
    if isinstance(kind, _Placebo):
        placebo = _made(name.removesuffix(catalogue.PLACEBO_SUFFIX), kind.of).placebo
        if placebo is None:
            raise ConfigError(f"degradation {name!r}: it has no placebo")
        return placebo
    return _made(name, kind)


class _Placebo:
    """Stands for the placebo of a degradation.

    Args:
        of: the degradation or its class.
    """

    def __init__(self, of: Any) -> None:
        self.of = of


def _module(name: str, path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"degradation {name!r}: no such file")
    try:
        with contained("it"):
            return module_from(path)
    except Exception as error:  # whatever the file does when imported
        raise ConfigError(f"degradation {name!r}: {path} cannot be imported: {said(error)}") from error


def _only_class(name: str, module: ModuleType) -> str:
    """The one degradation that a file defines."""
    found = [
        label
        for label, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Degradation)
        and value.__module__ == module.__name__
        and value.placebo_of is None
        and not label.startswith("_")
        and not inspect.isabstract(value)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(f"degradation {name!r}: no class in it is a degradation, which derives from Degradation")
    choices = ", ".join(f"{name}:{label}" for label in found)
    raise ConfigError(f"degradation {name!r}: {len(found)} classes in it are degradations; give one: {choices}")


def _of_module(name: str, module: ModuleType, attribute: str) -> Any:
    if hasattr(module, attribute):
        return getattr(module, attribute)
    of = attribute.removesuffix(catalogue.PLACEBO_SUFFIX)
    if of != attribute and hasattr(module, of):
        return _Placebo(getattr(module, of))
    public = [label for label in vars(module) if not label.startswith("_")]
    raise ConfigError(f"degradation {name!r}: {UnknownNameError('name', attribute, public)}")


def _imported(name: str, attribute: str) -> Any:
    try:
        return import_attribute(name)
    except ConfigError:
        of = name.removesuffix(catalogue.PLACEBO_SUFFIX)
        if of == name:
            raise
        return _Placebo(import_attribute(of))


def _made(name: str, kind: Any) -> Degradation:
    """The degradation of a class, or the object itself, with its code as a part of its definition."""
    try:
        with contained("its constructor"):
            made = kind() if callable(kind) and not isinstance(kind, Degradation) else kind
    except Exception as error:  # whatever a constructor raises
        raise ConfigError(f"degradation {name!r} cannot be made: {said(error)}") from error
    try:
        degradation = catalogue.checked(made)
    except DegradeBenchError as error:
        raise ConfigError(f"degradation {name!r}: {error}") from error
    if catalogue.is_known(degradation.name):
        if type(catalogue.get(degradation.name)) is type(degradation):
            return degradation
        raise ConfigError(
            f"degradation {name!r}: {degradation.name!r} is the name of a degradation that there is; choose another"
        )
    return degradation.varied(definition={**degradation.definition, "code": _code(type(degradation).__module__)})


def _code(module: str) -> str:
    """A digest of the code of a module: of its file and the local ones that it imports, or of its package."""
    try:
        if is_installed(module_file(module)):
            digests = package_files(module.partition(".")[0])
        else:
            digests = local_files(module)
    except UnreadableError:
        return "unknown"
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:16]
