"""Write the tables and figures of a study from the committed scores of its runs. Nothing is scored.

    python scripts/study.py [--runs docs/study/runs] [--out docs/study]

Every folder in ``--runs`` holds ``run.json`` and ``scores.parquet`` of a finished run. They are analysed in a
temporary directory. No number stands in this script.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from studying.pooled import pooled
from studying.tables import of_run
from studying.turns import turns

from degrade_bench import plot
from degrade_bench.conclude import conclude
from degrade_bench.runs.names import RECORD, SCORES
from degrade_bench.runs.scores import load_scores

STUDY = Path(__file__).resolve().parent.parent / "docs" / "study"

TOGETHER = {
    "metrics": ["basic-pitch", "musicnn-mtt", "musicnn-msd", "dnsmos", "log-mel", "si-sdr"],
    "outside": ["zimtohrli", "visqol", "log-mel", "si-sdr"],
}
"""Metrics whose scores of single clips are set side by side, by run."""

PUBLISHED = ("white_noise", "hum", "percentile_clipping", "dropouts")
"""Damages of the kinds that a study of five metrics looked at (DAFx25): hiss, hum, clipping, glitches."""

TURNS = {
    "outside": [(metric, damage) for metric in ("visqol", "zimtohrli") for damage in PUBLISHED],
    "haaqi": [("haaqi", damage) for damage in PUBLISHED],
}
"""Metrics and damages whose levels are looked at one by one, by run."""

CURVES = {"outside": (list(PUBLISHED), ["visqol", "zimtohrli"]), "haaqi": (list(PUBLISHED), ["haaqi"])}
"""Damages and metrics of the curves that are drawn, by run."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=STUDY / "runs")
    parser.add_argument("--out", type=Path, default=STUDY)
    options = parser.parse_args()
    images = options.out / "images"
    images.mkdir(parents=True, exist_ok=True)
    lines = ["# The study's tables", ""]
    lines += ["Made by `python scripts/study.py` from the scores in `docs/study/runs`; [what they say](index.md)."]
    with tempfile.TemporaryDirectory() as scratch:
        for stored in sorted(path for path in options.runs.iterdir() if path.is_dir()):
            folder = Path(scratch) / stored.name
            folder.mkdir()
            for name in (RECORD, SCORES):
                shutil.copy(stored / name, folder)
            conclude(folder)
            lines += ["", f"<!-- scores of {stored.name}: {digest(stored)} -->", *of_study(folder)]
            draw(folder, images)
    (options.out / "tables.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def digest(stored: Path) -> str:
    """Of a run's scores, so that it is seen when the page is of others."""
    return hashlib.sha256((stored / SCORES).read_bytes()).hexdigest()


def of_study(folder: Path) -> Iterator[str]:
    """The part of the page about one run."""
    yield from of_run(folder)
    scores = load_scores(folder)
    if folder.name in TOGETHER:
        present = set(scores["metric"])
        yield from pooled(scores, [name for name in TOGETHER[folder.name] if name in present])
    if folder.name in TURNS:
        yield from turns(scores, TURNS[folder.name])


def draw(folder: Path, images: Path) -> None:
    """The profile of a run, and its curves."""
    run = plot.load(folder)
    plot.save(plot.profile(run)[0], images / f"{folder.name}-profile.png")
    if folder.name in CURVES:
        damages, metrics = CURVES[folder.name]
        figure, _ = plot.curves(run, damages, metrics=metrics, column="double")
        plot.save(figure, images / f"{folder.name}-curves.png")


if __name__ == "__main__":
    main()
