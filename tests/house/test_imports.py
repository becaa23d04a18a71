"""Which room may import which: no circle, no arrow upward, and nothing that concludes knows the sweep.

Every import counts, also one inside a function or under ``TYPE_CHECKING``.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import grimp
import pytest

PACKAGE = "degrade_bench"
LAYERS = (
    ("errors", "_version"),
    ("_support",),
    ("runs",),
    ("clip",),
    ("corpus",),
    ("degrade",),
    ("metric",),
    ("sweep",),
    ("analysis",),
    ("compare",),
    ("gates",),
    ("reports",),
    ("selftest",),
    ("plot", "conclude"),
    ("bench",),
    ("expect",),
    ("cli",),
)
"""From the lowest; a room imports lower ones only, and none beside it. The package's ``__init__`` and ``__main__``
stand above all of them."""

RANKS = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}
WITHOUT_SWEEP = ("analysis", "compare", "gates", "reports", "selftest")
"""They meet the sweep in ``runs`` only."""


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """The modules that each module imports, by their full names."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def room(module: str) -> str:
    """``analysis`` of ``degrade_bench.analysis.drops``; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def test_every_room_has_its_place(imports):
    assert {room(module) for module in imports} == {*RANKS, "", "__main__"}


def test_no_import_goes_upward(imports):
    upward = [
        f"{module} → {imported}"
        for module, targets in imports.items()
        for imported in targets
        if room(module) in RANKS and room(module) != room(imported)
        # what stands above all rooms has no rank
        if RANKS.get(room(imported), len(LAYERS)) >= RANKS[room(module)]
    ]
    assert not upward, "\n".join(sorted(upward))


def test_what_concludes_does_not_know_the_sweep(imports):
    across = [
        f"{module} → {imported}"
        for module, targets in imports.items()
        for imported in targets
        if room(module) in WITHOUT_SWEEP and room(imported) == "sweep"
    ]
    assert not across, "\n".join(sorted(across))


def test_no_modules_import_each_other_in_a_circle(imports):
    circles = []
    remaining = {module: set(targets) for module, targets in imports.items()}
    while True:
        try:
            TopologicalSorter(remaining).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]  # it names the imported one first
            circles.append(" → ".join(circle))
            for module, imported in pairwise(circle):
                remaining[module].discard(imported)
        else:
            break
    assert not circles, "\n".join(sorted(circles))
