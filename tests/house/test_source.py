"""Rules that hold for every source file: sizes, hand-made formatting, documented arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "degrade_bench"
MODULES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = ("degrade_bench", "tests", "scripts", "benchmarks", "examples")
MOST_LINES = 350
MOST_SKIPS = 10
SKIP = "# fmt: " + "skip"
ARGUMENTS = 3
"""From so many on, self aside, a public function says what each of them is."""

EXEMPT = {PACKAGE / "cli" / "app.py"}
"""Typer prints what stands at each argument there."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_formatting_by_hand_is_rare():
    places = [
        f"{name_of(path)}:{number}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if SKIP in line
    ]
    assert len(places) <= MOST_SKIPS, "\n".join(places)


def arguments(function: Function) -> list[str]:
    """The names of a function's arguments, without those that Python fills in."""
    listed = function.args
    every = [*listed.posonlyargs, *listed.args, *listed.kwonlyargs, listed.vararg, listed.kwarg]
    return [argument.arg for argument in every if argument and argument.arg not in ("self", "cls")]


def public(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, str, Function]]:
    """The public functions of a module, and the public methods of its public classes, with their owner."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, node.name)
        elif isinstance(node, Function) and not node.name.startswith("_"):
            decorators = {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
            if not decorators & {"overload", "property"}:
                yield owner, node.name, node


def documents_arguments(function: Function) -> bool:
    return "Args:" in (ast.get_docstring(function) or "")


@cache
def parsed() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def test_public_functions_with_several_arguments_say_what_they_are():
    """A method need not repeat what the class says that it overrides; that class stands in this package too."""
    modules = parsed()
    bases: dict[str, set[str]] = {}
    explained: set[tuple[str, str]] = set()
    for tree in modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {ast.unparse(base).split(".")[-1].split("[")[0] for base in node.bases}
                methods = (member for member in node.body if isinstance(member, Function))
                explained |= {(node.name, method.name) for method in methods if documents_arguments(method)}

    def inherited(owner: str, name: str) -> bool:
        return any((base, name) in explained or inherited(base, name) for base in bases.get(owner, ()))

    missing = [
        f"{name_of(path)}:{function.lineno} {name}({', '.join(arguments(function))})"
        for path, tree in modules.items()
        if path not in EXEMPT
        for owner, name, function in public(tree.body)
        if len(arguments(function)) >= ARGUMENTS
        and not documents_arguments(function)
        and not inherited(owner, name)
    ]
    assert not missing, "\n".join(missing)


WRITES_NUMBERS = PACKAGE / "_support" / "numbers.py"
"""Writes every number that people read."""
FOR_READERS = ("analysis", "bench", "cli", "compare", "expect", "gates", "reports", "selftest")
"""Rooms whose texts tell results. Elsewhere ``:g`` repeats what a user gave, digit by digit."""
AXES = PACKAGE / "reports" / "figures"
"""Ticks of an axis are spaced evenly, and need no more digits than that."""
ROUNDED, STRICT = r"\.[\d{].*[eEfFgG%]", r"[eEfFgG%,]\W*$"


def formats_of_its_own(path: Path, tree: ast.Module) -> Iterator[str]:
    """Where an f-string rounds a number without the house's formatter."""
    strict = path.relative_to(PACKAGE).parts[0] in FOR_READERS and AXES not in path.parents
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec)
            if re.search(STRICT if strict else ROUNDED, spec):
                yield f"{name_of(path)}:{node.lineno}: {spec}"


def test_numbers_are_written_by_one_formatter():
    places = [
        place
        for path, tree in parsed().items()
        if path != WRITES_NUMBERS
        for place in formats_of_its_own(path, tree)
    ]
    assert not places, "\n".join(places)
