"""Whose code a metric is: the parts of a plug-in's fingerprint that change when its code does.

A metric of the bench says by its ``version`` what it is. Of anybody else's the files are hashed: the one that
defines it, those of its base classes, and the local modules that these import, as far as they can be told. What is
installed stands there with name and version; of the package that defines the metric the files are hashed too.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from degrade_bench._support.source_files import (
    UnreadableError,
    distribution_of,
    is_installed,
    local_files,
    module_file,
    package_files,
)
from degrade_bench.metric.muq_eval.published import checkpoint_note

CLASS, CODE, PACKAGE, ARGUMENTS = "class", "code", "package", "arguments"
"""Parts of a plug-in's fingerprint."""
UNKNOWN = "unknown"
"""What stands under ``code`` where it cannot be told whether the code is the same."""

BENCH = __name__.partition(".")[0]
"""The package whose metrics are ours: they are called as they are, where the bench works."""


def is_built_in(metric: object) -> bool:
    """Whether the class of a metric is the bench's."""
    return _top(type(metric).__module__) == BENCH


def is_foreign(metric: object) -> bool:
    """Whether a metric, or what an adapter holds, is somebody else's, so that it is called under a guard.

    >>> is_foreign(object())
    True
    """
    wrapped = getattr(metric, "wrapped", None)
    return not is_built_in(metric if wrapped is None else wrapped)


def code_parts(metric: object, origin: str | None = None) -> dict[str, str]:
    """The parts of a fingerprint that change with a plug-in's code.

    Args:
        metric: the object.
        origin: the name of the module that gave it, where that may be another than the one that defines its class.

    Returns:
        ``code``: 16 digits of the SHA-256 of its files, or ``unknown``; ``package``: installed distributions with
        their versions, where there are any. Nothing for a metric of the bench.
    """
    if is_built_in(metric):
        return {}
    packages: dict[str, None] = {}
    digests: set[str] = set()
    try:
        homes = {name: True for name in _homes(metric, origin)}
        homes |= {name: False for name in _base_homes(metric) if name not in homes}
        for name, whole in homes.items():
            path = module_file(name)
            if not is_installed(path):
                digests |= local_files(name)
                continue
            distribution = distribution_of(_top(name))
            if distribution is not None:
                packages[distribution] = None
            if whole or distribution is None:
                digests |= package_files(_top(name))
    except UnreadableError:
        digests = set()
    parts = {PACKAGE: ", ".join(sorted(packages))} if packages else {}
    code = hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:16]
    return {CODE: code if digests else UNKNOWN, **parts}


def class_name(metric: object) -> str:
    """The full name of a metric's class; a plug-in's without its module, whose name depends on how it is loaded."""
    kind = type(metric)
    return f"{kind.__module__}.{kind.__qualname__}" if is_built_in(metric) else kind.__qualname__


def identity_note(parts: Mapping[str, str]) -> str | None:
    """What is worth knowing of a metric from the parts of its fingerprint; None where nothing is left open.

    That is what cannot be told of a plug-in, and whether weights are those that they are said to be.

    >>> identity_note({"code": "unknown"})
    'its code is in no file that can be read: a change of it would go unnoticed when the run is continued'
    """
    if parts.get(CODE) == UNKNOWN:
        return (
            "its code is in no file that can be read: a change of it would go unnoticed when the run is continued"
        )
    if ARGUMENTS in parts:
        names = parts[ARGUMENTS].removeprefix(f"{UNKNOWN}: ")
        return (
            f"what it was made with cannot be told ({names}): a change would go unnoticed when the run is continued"
        )
    return checkpoint_note(parts)


def _top(module: Any) -> str:
    return str(module).partition(".")[0]


def _is_foreign(module: str) -> bool:
    return _top(module) not in (BENCH, "builtins") and (
        _top(module) not in sys.stdlib_module_names or module in ("__main__", "__mp_main__")
    )


def _homes(metric: object, origin: str | None) -> Iterator[str]:
    """The foreign modules that define a metric's class and the functions that it holds, and that gave it."""
    kind = type(metric)
    if _is_foreign(kind.__module__):
        _check_written(kind)
        yield kind.__module__
    if origin is not None and _is_foreign(origin):
        yield origin
    for value in vars(metric).values() if hasattr(metric, "__dict__") else ():
        held = value.func if isinstance(value, functools.partial) else value
        if isinstance(held, types.FunctionType | types.MethodType) and _is_foreign(str(held.__module__)):
            if held.__code__.co_filename.startswith("<"):
                raise UnreadableError(held.__qualname__)
            yield str(held.__module__)


def _base_homes(metric: object) -> Iterator[str]:
    """The foreign modules that define the bases of a metric's class."""
    for base in type(metric).__mro__[1:]:
        if _is_foreign(base.__module__):
            if not is_installed(module_file(base.__module__)):
                _check_written(base)
            yield base.__module__


def _check_written(kind: type) -> None:
    """Raise for a class whose methods come out of ``exec`` or a prompt: the module's file does not hold them.

    Raises:
        UnreadableError: no method of the class is written in a file.
    """
    methods = [
        getattr(value, "__func__", getattr(value, "fget", value))
        for value in vars(kind).values()
        if value is not None
    ]
    codes = [method.__code__ for method in methods if isinstance(method, types.FunctionType)]
    if codes and all(code.co_filename.startswith("<") for code in codes):
        raise UnreadableError(kind.__qualname__)
