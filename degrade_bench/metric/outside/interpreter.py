"""A Python metric in another interpreter, with packages of its own; :mod:`.bridge` answers for it there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from degrade_bench.errors import DegradeBenchError, MetricError
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.identity import CLASS, CODE, PACKAGE, UNKNOWN
from degrade_bench.metric.outside import bridge, environments
from degrade_bench.metric.outside.code import found_program
from degrade_bench.metric.outside.declaration import Asked, as_name
from degrade_bench.metric.outside.environments import Wanted
from degrade_bench.metric.outside.json_lines import Conversation, JsonLines
from degrade_bench.metric.outside.messages import check_well
from degrade_bench.metric.outside.program import Program
from degrade_bench.metric.outside.transport import Said, Signals
from degrade_bench.metric.traits import TRAITS

NOT_PASSED_ON = ("PYTHON", "VIRTUAL_ENV", "__PYVENV")
"""How the variables begin that another interpreter does not get: they are about this one."""


class Interpreter:
    """A class, an object or a function, as ``file.py:Name`` or ``package.module:Name``, under another interpreter.

    Args:
        asked: the metric.
        timeout: seconds for an answer; None for as long as it takes.

    Raises:
        ConfigError: there is no such interpreter, or no such file.
    """

    def __init__(self, asked: Asked, timeout: float | None) -> None:
        self._asked = asked
        python = _interpreter(asked)
        place, _, name = (asked.declared.metric or "").rpartition(":")
        if not place or not name:
            raise asked.refused("metric", "file.py:Name or package.module:Name")
        if place.endswith(".py"):
            if not (asked.place / place).is_file():
                raise asked.wrong(f"no such file: {place}")
            place = str(asked.place / place)
        self._name, self._spec = name, f"{place}:{name}"
        self._conversation = Conversation(name, _starts(python, asked.place), timeout)
        self._lines = JsonLines(asked, self._conversation, {})
        self._said: Said | None = None

    def said(self) -> Said:
        """What the metric says of itself, once it is loaded; its process goes on.

        Raises:
            MetricError: it cannot be loaded.
        """
        try:
            self._said = self._loaded()
        except (MetricDiedError, ForeignMetricError) as error:
            self._conversation.close()
            raise MetricError(f"metric {self._asked.spec!r} cannot be loaded: {error}") from None
        except DegradeBenchError:
            self._conversation.close()
            raise
        return self._said

    def _loaded(self) -> Said:
        settings = dict(self._asked.declared.settings)
        answer = self._conversation.ask({"load": self._spec, "settings": settings, "traits": list(TRAITS)})
        check_well(answer)
        code = hashlib.sha256("\n".join(answer["code"]).encode()).hexdigest()[:16]
        parts = {
            CLASS: self._name,
            CODE: code if answer["code"] else UNKNOWN,
            "python": answer["python"],
            PACKAGE: ", ".join(answer["packages"]),
            **{f"set.{name}": repr(value) for name, value in settings.items()},
        }
        return Said(parts, answer["traits"], channels=answer["channels"])

    def scores(self, signals: Signals) -> list[list[float]]:
        """The scores that the metric gives; errors as of :class:`~.transport.Transport`."""
        if not self._conversation.goes_on:
            before = self._said
            try:
                again = self._loaded()
            except ForeignMetricError as error:
                raise MetricDiedError(f"its process was started again, and then: {error}") from None
            if before is not None and again != before:
                self._conversation.close()
                raise MetricDiedError("its code has changed since the run began")
        return self._lines.scores(signals)

    def close(self) -> None:
        """End the interpreter until it is needed again."""
        self._conversation.close()


def _interpreter(asked: Asked) -> str:
    """The interpreter that a metric is for: of an environment, which is made where it is wanted and not there.

    Raises:
        ConfigError: there is none.
    """
    declared, python = asked.declared, asked.declared.python
    if declared.requires:
        name = declared.env or as_name(declared.name or Path(asked.spec).stem).replace(" ", "-")
        if python is not None and os.sep in python:
            python = found_program(asked, python)
        return str(environments.made(name, Wanted(tuple(declared.requires), python)).interpreter)
    if declared.env:
        return str(environments.found(declared.env).interpreter)
    return found_program(asked, python or "")


def _starts(python: str, place: Path) -> Callable[[], Program]:
    environment = _environment(python)
    return lambda: Program([python, "-I", bridge.__file__], place, environment)


def _environment(python: str) -> Mapping[str, str]:
    """The variables of this process, without those about its interpreter; programs of the other one are found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
    return {**kept, "PATH": os.pathsep.join(filter(None, (os.path.dirname(python), kept.get("PATH"))))}
