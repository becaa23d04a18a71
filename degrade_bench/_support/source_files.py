"""The files that a module's code is in: its own, and the local ones that it imports."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import site
import sys
import sysconfig
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_BENCH_FOLDER = Path(__file__).resolve().parents[1]

MOST_KNOWN = 1 << 14
"""Files whose imports are remembered."""

_known_imports: dict[tuple[str, str], frozenset[str]] = {}
"""By the digest of a file and its package."""


class UnreadableError(Exception):
    """Code that is in no file that can be read."""


def module_file(name: str) -> Path:
    """The file of a module that is loaded.

    Raises:
        UnreadableError: there is no such module, or it has no file, as at a prompt.
    """
    module = sys.modules.get(name)
    path = _file_of(module) if module is not None else None
    if path is None:
        raise UnreadableError(name)
    return path


def _file_of(module: types.ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return None
    path = Path(file)
    if path.suffix == ".pyc" and path.with_suffix(".py").is_file():
        path = path.with_suffix(".py")
    return path.resolve() if path.is_file() else None


@cache
def _installed() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("purelib", "platlib", "stdlib", "platstdlib")]
    folders += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple(Path(folder).resolve() for folder in folders)


def is_installed(path: Path) -> bool:
    """Whether a file belongs to an installed package, or to Python; one that is installed editable does not."""
    return any(path.is_relative_to(folder) for folder in _installed())


@cache
def distribution_of(package: str) -> str | None:
    """The distribution that a package comes from, with its version; None where no distribution says so."""
    names = importlib.metadata.packages_distributions().get(package)
    return f"{names[0]} {importlib.metadata.version(names[0])}" if names else None


def package_files(package: str) -> set[str]:
    """SHA-256 of every Python file of a package that is loaded, or of a module that stands alone.

    Raises:
        UnreadableError: it has no file.
    """
    path = module_file(package)
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    return {_digest(file) for file in files}


def local_files(name: str) -> set[str]:
    """SHA-256 of a module's file and of every local one that it imports, directly or through others.

    Local is what is neither installed nor Python's nor the bench's. What is imported is read off the source, inside
    functions too, and off the module's globals.

    Raises:
        UnreadableError: the module, or one that it imports, has no file that can be read.
    """
    first = module_file(name)
    todo, digests = [(first, name)], {}
    known: dict[tuple[str, Path | None], Path | None] = {}
    while todo:
        path, loaded_as = todo.pop()
        if path in digests:
            continue
        content = _read(path)
        digest = digests[path] = hashlib.sha256(content).hexdigest()
        module = sys.modules.get(loaded_as)
        package = str(getattr(module, "__package__", None) or loaded_as.rpartition(".")[0])
        imported = _imports_of(digest, content, package) if path.suffix == ".py" else ()
        names = {*imported, *_globals(module)}
        for other in sorted(names):
            # files of one folder import the same modules; where a loaded one is depends on nobody
            asked = (other, None if other in sys.modules else path.parent)
            if asked not in known:
                known[asked] = _local(other, path)
            if (found := known[asked]) is not None:
                todo.append((found, other))
    return set(digests.values())


def _local(name: str, importer: Path) -> Path | None:
    """The file of an imported module that is neither installed nor Python's nor the bench's."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if isinstance(file, str) and _is_elsewhere(file):
        return None
    found = _found(name, importer)
    if found is None or is_installed(found) or found.is_relative_to(_BENCH_FOLDER):
        return None
    return found


@cache
def _is_elsewhere(file: str) -> bool:
    """Whether a loaded module's file is installed, or the bench's; remembered, for a process has thousands."""
    path = Path(file).resolve()
    return is_installed(path) or path.is_relative_to(_BENCH_FOLDER)


def _digest(path: Path) -> str:
    return hashlib.sha256(_read(path)).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(str(path)) from error


def _found(name: str, importer: Path) -> Path | None:
    """The file of an imported module: of the one that is loaded, else one that stands beside the importer."""
    module = sys.modules.get(name)
    if module is not None:
        return _file_of(module)
    parts = name.split(".")
    folders = [importer.parent]
    while (folders[-1] / "__init__.py").is_file():
        folders.append(folders[-1].parent)
    for folder in folders:
        if len(parts) > 1 and not (folder / parts[0]).is_dir():
            continue
        beside = folder.joinpath(*parts)
        for path in (beside.with_suffix(".py"), beside / "__init__.py"):
            if path.is_file():
                return path.resolve()
    return None


def _imports_of(digest: str, source: bytes, package: str) -> frozenset[str]:
    """As :func:`_imports`, remembered by the digest: metrics are asked often, and a source tree has many files.

    Args:
        digest: of the source.
        source: of a file.
        package: that the file is in.
    """
    key = (digest, package)
    if key not in _known_imports:
        if len(_known_imports) >= MOST_KNOWN:
            _known_imports.clear()
        _known_imports[key] = _imports(source, package)
    return _known_imports[key]


def _imports(source: bytes, package: str) -> frozenset[str]:
    """The names of the modules that a file imports, and of the packages that these are in."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.update(_with_packages(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            names.update(_with_packages(base))
            names.update(f"{base}.{alias.name}".lstrip(".") for alias in node.names)
    return frozenset(names)


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    kept = parents[: len(parents) - node.level + 1]
    return ".".join([*kept, node.module or ""]).strip(".")


def _with_packages(name: str) -> Iterator[str]:
    parts = [part for part in name.split(".") if part]
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def _globals(module: types.ModuleType | None) -> Iterator[str]:
    """The modules of a loaded module's globals, and those that its classes and functions come from."""
    for value in list(vars(module).values()) if module is not None else ():
        name = None
        if isinstance(value, types.ModuleType):
            name = value.__name__
        elif isinstance(value, type | types.FunctionType):
            name = value.__module__
        if isinstance(name, str):
            yield name
