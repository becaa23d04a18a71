"""What packages of others make of the same sets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from degrade_bench.metric.sets.mauve import Mauve, clusters
from degrade_bench.metric.sets.neighbours import Coverage, Density, Precision, Recall
from known_sets.vectors import DAMAGES, FRAMES, TRACKS, as_set, damaged, vectors

PACKAGES = "## Beside the packages\n"
THEIRS = """
import json, sys
from importlib.metadata import version
import numpy as np
from mauve.compute_mauve import compute_mauve, get_divergence_curve_for_multinomials
from prdc import compute_prdc
from sklearn.metrics import auc

def in_order(x, y):
    return x[np.argsort(x)], y[np.argsort(x)]


given = np.load(sys.argv[1])
clean, heard = given["clean"], given["heard"]
found = dict(compute_prdc(clean, heard, nearest_k=5))
p, q = (given[name] / given[name].sum() for name in ("of_clean", "of_heard"))
x, y = get_divergence_curve_for_multinomials(p, q, np.linspace(1e-6, 1 - 1e-6, 25), 5).T
found["mauve of the same histograms"] = (auc(*in_order(x, y)) + auc(*in_order(y, x))) / 2
found["mauve"] = compute_mauve(clean, heard, seed=0).mauve
packages = {name: version(name) for name in ("prdc", "mauve-text")}
print(json.dumps({"found": {name: float(value) for name, value in found.items()}, "packages": packages}))
"""
"""Run under the other interpreter, with the path of the vectors."""


COMPARED = (Precision, Recall, Density, Coverage, Mauve)


def packages_lines(python: str) -> list[str]:
    """What the packages make of some sets, beside what is made here.

    Args:
        python: an interpreter that has them.
    """
    rows: list[str] = []
    apart: dict[str, float] = {}
    versions: dict[str, str] = {}
    for damage in DAMAGES[1:]:
        rng = np.random.Generator(np.random.Philox(key=[7, 8]))
        clean = vectors(rng, 8)
        sets = as_set(clean), as_set(damaged(rng, clean, damage))
        labels = clusters(*sets)
        counts = [np.bincount(part, minlength=1 + max(map(np.max, labels))) for part in labels]
        ours = {kind.name: kind(AnEmbedder()).compare(*sets) for kind in COMPARED}
        ours["mauve of the same histograms"] = ours["mauve"]
        with TemporaryDirectory() as folder:
            path = Path(folder) / "sets.npz"
            given = {
                "clean": sets[0].vectors,
                "heard": sets[1].vectors,
                "of_clean": counts[0],
                "of_heard": counts[1],
            }
            np.savez(path, **given)
            done = subprocess.run([python, "-c", THEIRS, str(path)], capture_output=True, text=True, check=True)
        said = json.loads(done.stdout.splitlines()[-1])
        versions = said["packages"]
        for name, theirs in said["found"].items():
            apart[name] = max(apart.get(name, 0.0), abs(theirs - ours[name]))
        cells = [f"{ours[name]:.4g} / {said['found'][name]:.4g}" for name in apart]
        rows.append(f"| {damage.name} | {' | '.join(cells)} |")
    which = " and ".join(map(" ".join, versions.items()))
    return [
        PACKAGES,
        f"`python benchmarks/set_metrics.py --packages PYTHON`, with {which}: sets of {TRACKS * FRAMES} vectors of "
        "8 dimensions, here / there. MAUVE's clusters are found by scikit-learn here and by faiss there; of the "
        "same clusters it is the same.\n",
        f"| damage | {' | '.join(apart)} |\n|{' --- |' * (1 + len(apart))}",
        *rows,
        f"| farthest apart | {' | '.join(f'{value:.1g}' for value in apart.values())} |\n",
    ]


class AnEmbedder:
    """What a set metric is named after."""

    name = "none"
