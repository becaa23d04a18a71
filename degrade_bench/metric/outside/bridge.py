"""Runs in another interpreter, loads one metric there and answers for it, line by line of JSON.

The bench starts this file by its path with ``python -I``: it imports the standard library alone, works with Python
3.8 and later, and needs nothing of the bench. numpy and torch are used where they are installed. Standard output is
kept for answers; what the metric prints goes to standard error.
"""

from __future__ import annotations

import array
import ast
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import platform
import sys
import sysconfig
import threading
import time
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

RATES = ("sample_rate", "sr")
"""What a function calls the parameter that the sample rate goes to."""
REFERENCE = "reference"
"""What it calls the one that the clean signal goes to."""


class WrongError(Exception):
    """A metric that cannot be used as it is; says what to do."""


def open_parameters(function: Any, given: Iterable[str] = ()) -> list[str]:
    """The names of the parameters that a call must give, in order; none where they cannot be told."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [one.name for one in parameters if one.kind in kinds and one.default is one.empty]
    return [name for name in needed if name not in given]


def scores_by_call(made: Any, given: Iterable[str]) -> bool:
    """Whether a function scores, rather than makes a metric: it has a parameter that settings do not give."""
    return isinstance(made, types.FunctionType) and bool(open_parameters(made, given))


class Function:
    """A function as a metric: called with audio, and by name with sample_rate (or sr) and reference.

    Args:
        function: called with one clip, or with a batch.
        declared: of it, over its attributes of these names: ``takes``, ``batched``, ``channels``, and traits.

    Raises:
        WrongError: a parameter that nothing is known for, or another value than there may be.
    """

    def __init__(self, function: Any, declared: Mapping[str, Any]) -> None:
        self.function, self.declared = function, dict(declared)
        self.takes = self._chosen("takes", ("numpy", "torch"))
        self.batched = self._chosen("batched", (False, True))
        self.channels = self._chosen("channels", ("mono", "all"))
        try:
            names = list(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            names = []
        self._rate = next((name for name in RATES if name in names), None)
        self._compares = REFERENCE in names
        known = (*RATES, REFERENCE)
        first, *others = open_parameters(function) or [""]
        strange = [name for name in others if name not in known] or [name for name in (first,) if name in known]
        if strange:
            raise WrongError(
                "a function is called with audio, and with sample_rate and reference where it has parameters of "
                f"these names: nothing is known for its parameter {strange[0]!r}"
            )
        self.needs_reference = REFERENCE in others

    def _chosen(self, name: str, choices: Sequence[Any]) -> Any:
        value = self.declared.pop(name, getattr(self.function, name, choices[0]))
        if value not in choices:
            raise WrongError(f"its {name} is {value!r}, expected {choices[0]!r} or {choices[1]!r}")
        return value

    def traits(self, names: Iterable[str]) -> dict[str, Any]:
        """What it says of itself: by its attributes, and by what was declared of it."""
        usual = {"name": getattr(self.function, "__name__", ""), "needs_reference": self.needs_reference}
        return {**usual, **attributes(self.function, names), **self.declared}

    def score(self, batch: Any, sample_rate: int, reference: Any = None) -> Any:
        """One score for each signal of a batch.

        Args:
            batch: ``(batch, channels, time)``.
            sample_rate: in Hz.
            reference: the clean signals, or None.
        """
        rate = {self._rate: sample_rate} if self._rate else {}
        batch, reference = self._seen(batch), self._seen(reference)
        if self.batched:
            return self.function(batch, **rate, **self._beside(reference))
        cleans = [None] * len(batch) if reference is None else reference
        pairs = zip(batch, cleans)  # noqa: B905  # strict is of Python 3.10
        return [self.function(one, **rate, **self._beside(clean)) for one, clean in pairs]

    def _beside(self, reference: Any) -> dict[str, Any]:
        return {REFERENCE: reference} if self._compares else {}

    def _seen(self, signals: Any) -> Any:
        """Without the dimension of the channels where there is one channel by declaration."""
        if signals is None or self.channels == "all":
            return signals
        return signals[:, 0] if hasattr(signals, "shape") else [signal[0] for signal in signals]


def load(spec: str, settings: Mapping[str, Any]) -> tuple[types.ModuleType, Any]:
    """A module, and the metric out of it.

    Args:
        spec: ``file.py:Name`` or ``package.module:Name``.
        settings: arguments of its constructor; of a function, what it does not say of itself.
    """
    place, _, name = spec.rpartition(":")
    if place.endswith(".py"):
        path = os.path.abspath(place)
        sys.path.insert(0, os.path.dirname(path))
        stem = os.path.splitext(os.path.basename(path))[0]
        found: Any = importlib.util.spec_from_file_location(stem, path)
        module = sys.modules[stem] = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
    else:
        module = importlib.import_module(place)
    made: Any = module
    for part in name.split("."):
        made = getattr(made, part)
    if scores_by_call(made, settings):
        return module, Function(made, settings)
    if isinstance(made, type) or (callable(made) and not hasattr(made, "score")):
        made = made(**settings)
    elif settings:
        raise WrongError(f"{name} is an object and takes no settings")
    return module, made


def attributes(metric: Any, names: Iterable[str]) -> dict[str, Any]:
    """The attributes of these names, numpy's numbers as Python's."""
    said = {}
    for name in names:
        value: Any = getattr(metric, name, None)
        if value is not None:
            said[name] = value.item() if hasattr(value, "item") else value
    return said


def local_files(module: types.ModuleType) -> list[str]:
    """SHA-256 of every file that is loaded, or imported by one of them, and neither installed nor Python's."""
    paths = sysconfig.get_paths()
    folders = ("stdlib", "platstdlib", "purelib", "platlib")
    installed = tuple(os.path.realpath(paths[name]) + os.sep for name in folders)
    todo = [getattr(one, "__file__", None) for one in (*sys.modules.values(), module)]
    digests = {os.path.realpath(__file__): ""}
    while todo:
        file = todo.pop()
        path = os.path.realpath(file) if isinstance(file, str) else ""
        if path in digests or path.startswith(installed) or not os.path.isfile(path):
            continue
        with open(path, "rb") as opened:
            content = opened.read()
        digests[path] = hashlib.sha256(content).hexdigest()
        if path.endswith(".py"):
            todo += [os.path.join(os.path.dirname(path), *name.split(".")) + ".py" for name in imported(content)]
    return sorted(filter(None, digests.values()))


def imported(content: bytes) -> list[str]:
    """The names of the modules that a file's text imports, inside functions too."""
    try:
        nodes = list(ast.walk(ast.parse(content)))
    except (SyntaxError, ValueError):
        return []
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return names + [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]


def packages() -> list[str]:
    """Every installed distribution with its version."""
    found = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    return sorted(f"{name}=={version}" for name, version in found.items() if name)


def signals_of(entries: Sequence[Mapping[str, Any]], takes: str) -> Any:
    """A batch from files of float32: numpy's or torch's; without numpy lists of lists of ``array.array``."""
    try:
        import numpy as np
    except ImportError:
        if takes == "torch":
            raise
        return [_channels(entry) for entry in entries]
    shape = (-1, entries[0]["channels"])
    batch = np.stack([np.fromfile(entry["path"], "<f4").reshape(shape).T for entry in entries])
    if takes == "torch":
        import torch

        return torch.from_numpy(np.ascontiguousarray(batch))
    return batch


def _channels(entry: Mapping[str, Any]) -> list[Any]:
    samples = array.array("f")
    with open(entry["path"], "rb") as file:
        samples.frombytes(file.read())
    if sys.byteorder == "big":
        samples.byteswap()
    return [samples[channel :: entry["channels"]] for channel in range(entry["channels"])]


def floats(scores: Any, count: int, windows: bool = False) -> list[Any]:
    """Scores as plain numbers.

    Args:
        scores: of every signal one, or those of its windows.
        count: how many signals there were.
        windows: whether scores of windows are expected.

    Raises:
        WrongError: there are not as many as signals.
    """
    if hasattr(scores, "detach"):
        scores = scores.detach().cpu()
    plain = scores.tolist() if hasattr(scores, "tolist") else scores
    is_list = isinstance(plain, (list, tuple)) and len(plain) == count
    if not is_list or (windows and not all(isinstance(row, (list, tuple)) for row in plain)):
        rows = "rows with the scores of windows" if windows else "scores"
        raise WrongError(f"it returned {repr(scores)[:80]}, expected {count} {rows}")
    if windows:
        return [floats(row, len(row)) for row in plain]
    return [float(score) for score in plain]


class Host:
    """What answers in this process: it holds one metric."""

    def __init__(self) -> None:
        self.metric: Any = None

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What comes of a request."""
        if "load" in request:
            return self._loaded(request)
        takes = getattr(self.metric, "takes", "numpy")
        batch = signals_of(request["signals"], takes)
        references = signals_of(request["references"], takes) if "references" in request else None
        windows = "hop_seconds" in request
        score = self.metric.score_windows if windows else self.metric.score
        return {"scores": floats(score(batch, request["sample_rate"], references), len(batch), windows)}

    def _loaded(self, request: Mapping[str, Any]) -> dict[str, Any]:
        module, self.metric = load(request["load"], request["settings"])
        function = self.metric if isinstance(self.metric, Function) else None
        if not callable(getattr(self.metric, "score", None)):
            raise WrongError("it lacks a method score(batch, sample_rate, reference)")
        declared = self.metric if function is None else function.function
        if getattr(declared, "hop_seconds", None) is not None and not hasattr(self.metric, "score_windows"):
            raise WrongError("it has hop_seconds, but lacks a method score_windows(batch, sample_rate, reference)")
        names = request["traits"]
        return {
            "traits": function.traits(names) if function else attributes(self.metric, names),
            "channels": function.channels if function else None,
            "code": local_files(module),
            "packages": packages(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
        }


def failed(error: BaseException) -> dict[str, Any]:
    """An error as an answer."""
    kind = type(error).__name__
    if kind == "NotApplicableError":
        return {"not_applicable": str(error)}
    if isinstance(error, SystemExit):
        return {"error": f"it called sys.exit({'' if error.code is None else error.code})"}
    text = str(error) if isinstance(error, WrongError) else f"{kind}: {error}".rstrip(": ")
    return {"error": text, "out_of_memory": isinstance(error, MemoryError) or kind == "OutOfMemoryError"}


def watch(parent: int) -> None:
    """End this process when the one that started it is gone."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def main() -> None:
    """Answer requests until there are no more."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
    process, host = os.getpid(), Host()
    for line in requests:
        request = json.loads(line)
        try:
            text = json.dumps({**host.answer(request), "id": request["id"]})
        except BaseException as error:  # of foreign code, whatever it is
            text = json.dumps({**failed(error), "id": request["id"]})
        if os.getpid() != process:  # a copy that the metric has forked: two would answer
            os._exit(0)
        answers.write(text + "\n")
        answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
