"""Calls of foreign code: what it may change for everybody is put back, and what it may raise becomes an error.

A plug-in that sets torch's default type, closes standard output or calls ``sys.exit`` would change what others
compute or end the run. :func:`guarded` restores the state of the interpreter, of the process and of the libraries
that the bench computes with. What was changed inside a library (a patched function) is not found out; code that
cannot be trusted so far belongs in another process, as metrics that are loaded from files and packages.
"""

from __future__ import annotations

import gc
import importlib
import locale
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from operator import is_
from typing import Any

import numpy as np

from degrade_bench._support.texts import ForeignError

Restore = Callable[[], object]

_SIGNALS = tuple(map(int, signal.valid_signals()))
_handler_of: Callable[[int], Any] = importlib.import_module("_signal").getsignal
"""As :func:`signal.getsignal`, without its look for a name of the handler, which takes ten times as long."""


class ForeignExitError(ForeignError):
    """Foreign code tried to end the interpreter, or raised something that no handler of errors catches."""


@contextmanager
def guarded(caller: str) -> Iterator[None]:
    """Run a block of foreign code; afterwards the global state is what it was.

    Restored are: current directory, environment, ``sys.path``, ``sys.argv``, the modules that are loaded, standard
    streams and their file descriptors, signal handlers, the recursion limit, the garbage collector, the locale,
    warning filters, the random generators of Python, numpy and torch, numpy's error handling and printing, and
    torch's default type, default device, threads, gradient mode, deterministic mode, precision and cuDNN settings.

    Args:
        caller: what is called, for the message.

    Raises:
        ForeignExitError: the block raised ``SystemExit`` or another exception that is no ``Exception``.
        KeyboardInterrupt: as it is: the user's.
    """
    with ExitStack() as stack:
        for keep in _KEEPERS:
            stack.callback(_quietly, keep())
        stack.enter_context(contained(caller))
        yield


@contextmanager
def contained(caller: str) -> Iterator[None]:
    """Run foreign code that may change what it likes, but not end the interpreter; errors as in :func:`guarded`."""
    try:
        yield
    except (Exception, KeyboardInterrupt):
        raise
    except SystemExit as error:
        code = "" if error.code is None else error.code
        raise ForeignExitError(f"{caller} called sys.exit({code})") from None
    except BaseException as error:
        raise ForeignExitError(f"{caller} raised {type(error).__name__}: {error}") from None


def _quietly(restore: Restore) -> None:
    """One thing that cannot be put back must not keep the others from it."""
    with suppress(Exception):
        restore()


def _directory() -> Restore:
    before = os.getcwd()
    return lambda: os.chdir(before)


def _environment() -> Restore:
    before = dict(_variables())

    def restore() -> None:
        if _variables() != before:
            os.environ.clear()
            os.environ.update({os.fsdecode(name): os.fsdecode(value) for name, value in before.items()})

    return restore


def _variables() -> Any:
    """The environment as the system has it: to decode it takes twenty times as long."""
    return getattr(os.environ, "_data", os.environ)


def _interpreter() -> Restore:
    path, argv, limit, collects = list(sys.path), list(sys.argv), sys.getrecursionlimit(), gc.isenabled()
    streams = sys.stdin, sys.stdout, sys.stderr

    def restore() -> None:
        sys.path[:], sys.argv[:] = path, argv
        sys.stdin, sys.stdout, sys.stderr = streams
        sys.setrecursionlimit(limit)
        (gc.enable if collects else gc.disable)()

    return restore


def modules_kept(package: str = "") -> Restore:
    """What puts modules back that were taken out of ``sys.modules``, or replaced there.

    Args:
        package: how their names begin; every module by default.
    """
    before = dict(sys.modules)
    if package:
        before = {name: module for name, module in before.items() if name.startswith(package)}

    def restore() -> None:
        now = {name: sys.modules.get(name) for name in before} if package else sys.modules
        if [*now] == [*before] and all(map(is_, now.values(), before.values())):
            return  # nearly always, and told in a tenth of the time that the loop takes
        for name, module in before.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module

    return restore


def _descriptors() -> Restore:
    """Standard output and error as the process has them, whatever the streams of Python are."""
    kept = []
    for descriptor in (1, 2):
        with suppress(OSError):  # closed before: nothing to keep
            kept.append((descriptor, os.dup(descriptor)))

    def restore() -> None:
        for descriptor, copy in kept:
            if not _same_file(descriptor, copy):
                os.dup2(copy, descriptor)
            os.close(copy)

    return restore


def _same_file(first: int, second: int) -> bool:
    try:
        return os.path.sameopenfile(first, second)
    except OSError:
        return False


def _streams_open() -> Restore:
    """A stream that was closed is opened again over the descriptor that it had."""
    names = [name for name in ("stdout", "stderr") if not getattr(getattr(sys, name), "closed", True)]
    descriptors = {"stdout": 1, "stderr": 2}

    def restore() -> None:
        for name in names:
            if getattr(getattr(sys, name), "closed", False):
                stream = open(descriptors[name], "w", encoding="utf-8", closefd=False)  # noqa: SIM115
                setattr(sys, name, stream)

    return restore


def _signals() -> Restore:
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = {number: _handler_of(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            if handler is not None and _handler_of(number) is not handler:
                with suppress(OSError, ValueError):  # SIGKILL and SIGSTOP have none
                    signal.signal(number, handler)

    return restore


def _locale() -> Restore:
    before = locale.setlocale(locale.LC_ALL)
    return lambda: locale.setlocale(locale.LC_ALL, before)


def _warnings() -> Restore:
    before = list(warnings.filters)

    def restore() -> None:
        if list(warnings.filters) != before:
            warnings.filters[:] = before  # type: ignore[index]  # a list, declared as a sequence
            warnings._filters_mutated()  # type: ignore[attr-defined]

    return restore


def _random() -> Restore:
    python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002

    def restore() -> None:
        random.setstate(python)
        np.random.set_state(of_numpy)  # noqa: NPY002

    return restore


def _numpy() -> Restore:
    errors, printing = np.geterr(), np.get_printoptions()

    def restore() -> None:
        np.seterr(**errors)
        np.set_printoptions(**printing)

    return restore


def _torch() -> Restore:
    """Nothing where torch has not been imported: nobody computes with it."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return lambda: None
    from degrade_bench._support.precision import precisions_kept

    generator = torch.get_rng_state()
    device = torch.get_default_device() if hasattr(torch, "get_default_device") else None
    settings: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
        (torch.get_default_dtype, torch.set_default_dtype),
        (torch.get_num_threads, torch.set_num_threads),
        (torch.is_grad_enabled, torch.set_grad_enabled),
        (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    ]
    settings += [
        (partial(getattr, torch.backends.cudnn, name), partial(setattr, torch.backends.cudnn, name))
        for name in ("enabled", "benchmark", "deterministic")
    ]
    kept = [(get, put, get()) for get, put in settings]
    precisions = precisions_kept()

    def restore() -> None:
        if device is not None and torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)
        for get, put, value in kept:
            if get() != value:
                _quietly(partial(put, value))
        _quietly(precisions)
        torch.set_rng_state(generator)

    return restore


_KEEPERS: tuple[Callable[[], Restore], ...] = (
    _streams_open,
    _directory,
    _environment,
    _signals,
    _locale,
    _random,
    _torch,
    _numpy,
    _warnings,
    _interpreter,
    _descriptors,
    modules_kept,
)
"""They are put back in the opposite order: what could disturb the others (warnings as errors) goes back first."""
