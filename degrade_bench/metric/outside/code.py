"""What a command is made of, for its fingerprint: its words, its program, and the files that it names."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from degrade_bench._support.files import sha256_of
from degrade_bench.errors import MetricError
from degrade_bench.metric.identity import CODE
from degrade_bench.metric.outside.declaration import Asked


def found_program(asked: Asked, program: str) -> str:
    """The path of a program: from the place that the metric's paths are meant from, or by ``PATH``.

    Args:
        asked: the metric.
        program: as the command names it.

    Raises:
        ConfigError: there is none that can be run.
    """
    if os.sep in program:
        path = asked.place / Path(program).expanduser()
        if not path.is_file():
            raise asked.wrong(f"no such program: {program}")
        if not os.access(path, os.X_OK):
            raise asked.wrong(f"{program} cannot be executed: chmod +x, or name what runs it")
        return str(path)
    found = shutil.which(program)
    if found is None:
        hint = f"; write ./{program} for the one in this folder" if (asked.place / program).is_file() else ""
        raise asked.wrong(f"no such program: {program}{hint}")
    return found


def command_parts(asked: Asked, arguments: Sequence[str]) -> dict[str, str]:
    """The command, and the bytes of its program and of every file that it names.

    Args:
        asked: the metric.
        arguments: of its command.

    Raises:
        MetricError: a file that cannot be read.
    """
    paths = [Path(found_program(asked, arguments[0]))]
    for argument in arguments[1:]:
        for text in (argument, argument.partition("=")[2]):
            path = asked.place / text
            if text and path.is_file():
                paths.append(path)
    try:
        digests = [sha256_of(path) for path in paths]
    except OSError as error:
        raise MetricError(f"metric {asked.spec!r} cannot be read: {error.strerror or error}") from error
    code = hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]
    return {"command": asked.declared.command or "", CODE: code}
