"""Set metrics on vectors whose distributions are known; writes ``set_metrics.md``.

    python benchmarks/set_metrics.py [--trials 250] [--runs 20]
    python benchmarks/set_metrics.py --packages PYTHON

*Coverage*: how many of the nominal 95 % intervals of a drop, and of a drop beyond a placebo's, hold the true value.
Vectors are normal, 24 tracks of 8 each, half of their variance between tracks. Nothing of the estimate knows that.

*Verdicts*: embedders that hear a damage, do not hear it, hear its placebo as well, or take it for an improvement go
through the whole analysis.

*Beside the packages*, on its own: what `prdc` and `mauve-text` make of the same vectors, under an interpreter that
has them.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from known_sets.coverage import coverage_table
from known_sets.packages import PACKAGES, packages_lines
from known_sets.vectors import FRAMES, TRACKS
from known_sets.verdicts import CONTROLS, verdict_table

PAGE = Path(__file__).with_suffix(".md")


def main(arguments: Sequence[str]) -> None:
    """Simulate, and write the page; or only what packages say."""
    parser = argparse.ArgumentParser(description="Set metrics on vectors whose distributions are known.")
    parser.add_argument("--trials", type=int, default=250, help="sets of each kind; of MMD four times as many")
    parser.add_argument("--runs", type=int, default=20, help="runs of each kind; of MMD twice as many")
    parser.add_argument("--packages", metavar="PYTHON", help="an interpreter with prdc and mauve-text: only these")
    given = parser.parse_args(arguments)
    before, _, beside = PAGE.read_text(encoding="utf-8").partition(PACKAGES)
    if given.packages:
        PAGE.write_text("\n".join([before.rstrip() + "\n", *packages_lines(given.packages)]), encoding="utf-8")
        return
    started = time.process_time()
    trials = {"frechet": given.trials, "mmd": 4 * given.trials}
    runs = {"frechet": given.runs, "mmd": 2 * given.runs}
    covered, told = coverage_table(trials), verdict_table(runs)
    seconds = time.process_time() - started
    options = f" --trials {given.trials} --runs {given.runs}"
    parts = [
        "# Set metrics on vectors whose distributions are known\n",
        f"Made by `python benchmarks/set_metrics.py{options}`, in {seconds:.0f} processor seconds.\n",
        "## Coverage of 95 % intervals\n",
        f"Sets of {TRACKS} tracks of {FRAMES} normal vectors of variance 1, half of it shared by the vectors of a "
        f"track. {trials['frechet']} pairs of sets of each kind for Fréchet, {trials['mmd']} for MMD: a share of "
        f"95 % has a standard error of {math.sqrt(0.95 * 0.05 / trials['frechet']):.1%} and "
        f"{math.sqrt(0.95 * 0.05 / trials['mmd']):.1%}. Values are means over the pairs. The true value of MMD is "
        "that with the width that the clean set has. The placebo moves vectors by 0.4 standard deviations.\n",
        "\n".join(covered) + "\n",
        "## Verdicts\n",
        f"Whole runs of {TRACKS} clips in 8 dimensions: `noise_like`, which every embedder hears, and "
        f"`order_like`, both with a placebo at each of five levels, and {CONTROLS} controls; {runs['frechet']} "
        f"runs of each kind for Fréchet, {runs['mmd']} for MMD. Whoever prefers the damage is compared with "
        f"another reference set, of {2 * TRACKS} tracks.\n",
        "\n".join(told) + "\n",
        *([PACKAGES + beside] if beside else []),
    ]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
