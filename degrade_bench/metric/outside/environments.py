"""Environments for metrics that need other packages than this one: made from a short list of pinned requirements.

They lie in the user's cache. uv makes them where it is installed, at first without asking any index: what its cache
or a folder of wheels holds suffices. Else ``venv`` and this environment's pip do.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from degrade_bench._support.files import write_text
from degrade_bench._support.texts import one_line
from degrade_bench.errors import ConfigError

FOLDER_VARIABLE = "DEGRADE_BENCH_ENVS"
"""The folder of all environments, in place of one in the user's cache."""
MADE = "environment.json"
"""Written last: an environment without it is not finished."""
INTERPRETER = Path("venv", "bin", "python")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True)
class Wanted:
    """What an environment is made of.

    Attributes:
        requires: requirements, each pinned: ``numpy==1.26.4``.
        python: the interpreter, as a path; uv takes a version, too. None for this one.
    """

    requires: tuple[str, ...]
    python: str | None = None


@dataclass(frozen=True)
class Environment:
    """One that is there.

    Attributes:
        name: of it.
        wanted: what it was made of.
        interpreter: the path of its Python.
        packages: installed distributions with their versions.
    """

    name: str
    wanted: Wanted
    interpreter: Path
    packages: tuple[str, ...]


def home() -> Path:
    """The folder of all environments."""
    chosen, cache = os.environ.get(FOLDER_VARIABLE), os.environ.get("XDG_CACHE_HOME")
    if chosen:
        return Path(chosen).absolute()
    return (Path(cache) if cache else Path.home() / ".cache") / "degrade-bench" / "envs"


def there() -> list[str]:
    """The names of the environments that there are."""
    folder = home()
    return sorted(path.parent.name for path in folder.glob(f"*/{MADE}")) if folder.is_dir() else []


def found(name: str) -> Environment:
    """An environment that was made before.

    Raises:
        ConfigError: there is none of that name.
    """
    folder = _folder(name)
    try:
        said = json.loads((folder / MADE).read_text(encoding="utf-8"))
        wanted = Wanted(tuple(said["requires"]), said["python"])
    except (OSError, ValueError, KeyError, TypeError):
        known = f"; there are {', '.join(there())}" if there() else ""
        raise ConfigError(
            f"no environment {name!r}{known}; make it: degrade-bench env {name} --require PACKAGE==VERSION"
        ) from None
    return Environment(name, wanted, folder / INTERPRETER, _packages(folder))


def made(name: str, wanted: Wanted, wheels: Path | None = None) -> Environment:
    """An environment, which is made unless there is one of that name and of the same requirements.

    Args:
        name: of it.
        wanted: what it is made of.
        wheels: a folder of wheels to take in place of an index.

    Raises:
        ConfigError: a requirement that is not pinned, or the environment cannot be made.
    """
    folder = _folder(name)
    for text in wanted.requires:
        _check_pinned(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"environment {name!r}: cannot make {folder}: {error.strerror or error}") from None
    from filelock import FileLock

    with FileLock(folder.with_name(f".{name}.lock")):
        if (folder / MADE).is_file() and found(name).wanted == wanted:
            return found(name)
        _empty(folder)
        sys.stderr.write(f"degrade-bench: making environment {name} in {folder}\n")
        _make(name, folder, wanted, wheels)
        said = {"requires": wanted.requires, "python": wanted.python}
        write_text(folder / MADE, json.dumps(said, indent=1) + "\n")
    return found(name)


def remove(name: str) -> None:
    """Remove an environment; what else lies in its folder stays.

    Raises:
        ConfigError: there is none of that name.
    """
    folder = _folder(found(name).name)
    _empty(folder)
    with suppress(OSError):  # it is not empty
        folder.rmdir()


def _folder(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"environment {name!r}: expected a name of letters, digits, dots, dashes and underscores")
    return home() / name


def _empty(folder: Path) -> None:
    """Remove what is ours in an environment's folder: the mark that it is finished, and then its files."""
    (folder / MADE).unlink(missing_ok=True)
    shutil.rmtree(folder / "venv", ignore_errors=True)


def _check_pinned(text: str) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise ConfigError(f"requirement {one_line(text)!r}: {one_line(str(error))}") from None
    operators = [(one.operator, one.version.endswith("*")) for one in requirement.specifier]
    if operators != [("==", False)]:
        raise ConfigError(
            f"requirement {one_line(text)!r}: expected a pinned one, such as {requirement.name}==1.2.3"
        )


def _packages(folder: Path) -> tuple[str, ...]:
    """What is installed, from the metadata that lie in an environment."""
    sites = [str(path) for path in (folder / "venv").glob("lib/python*/site-packages")]
    names = {(one.metadata["Name"], one.version) for one in importlib.metadata.distributions(path=sites)}
    return tuple(sorted(f"{name}=={version}" for name, version in names))


def _make(name: str, folder: Path, wanted: Wanted, wheels: Path | None) -> None:
    target, interpreter = str(folder / "venv"), str(folder / INTERPRETER)
    place = ["--no-index", "--find-links", str(wheels.absolute())] if wheels is not None else []
    uv = _uv()
    if uv is not None:
        _run(name, [*uv, "venv", "--quiet", "--python", wanted.python or sys.executable, target])
        install = [*uv, "pip", "install", "--quiet", "--python", interpreter, *place, *wanted.requires]
        if wanted.requires and not (_went_well([*install, "--offline"])):
            _run(name, install)
        return
    _run(name, [wanted.python or sys.executable, "-m", "venv", "--without-pip", target])
    if wanted.requires:
        quiet = ["--quiet", "--disable-pip-version-check"]
        pip = [sys.executable, "-m", "pip", "--python", interpreter, "install"]
        _run(name, [*pip, *quiet, *place, *wanted.requires])


def _uv() -> list[str] | None:
    """How uv is called, where it is installed."""
    program = shutil.which("uv")
    if program is not None:
        return [program]
    return [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") is not None else None


def _went_well(command: Sequence[str]) -> bool:
    return _ran(command).returncode == 0


def _run(name: str, command: Sequence[str]) -> None:
    """Run a tool.

    Raises:
        ConfigError: it fails; with its last words.
    """
    try:
        ended = _ran(command)
    except OSError as error:
        raise ConfigError(f"environment {name!r}: {command[0]} cannot be started: {error.strerror}") from None
    if ended.returncode:
        lines = [line.strip() for line in ended.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        raise ConfigError(f"environment {name!r} cannot be made: {one_line(' '.join(lines[-3:]) or command[0])}")


def _ran(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        command, env=clean, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
