"""What a process does that helps to draw: see :mod:`degrade_bench.reports.figures.helpers`."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

from degrade_bench.reports.figures.drawing import house_style, save_figure
from degrade_bench.reports.html import draw
from degrade_bench.reports.inputs import load_run


def draw_what_is_asked(folder: str) -> None:
    """Read names of figures, draw them into a run directory and answer with their widths, to the end of input."""
    answers, sys.stdout = sys.stdout, sys.stderr  # nothing else is to be read there
    run = load_run(Path(folder))
    with house_style():
        drawings = {drawing.name: drawing for several in draw(run).values() for drawing in several}
        print("ready", file=answers, flush=True)
        for line in sys.stdin:
            width: float | None
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    width = save_figure(drawings[json.loads(line)], run.folder)
            except Exception:  # whatever it is, the process that asked sees it, too
                width = None
            print(json.dumps(width), file=answers, flush=True)
            print("ready", file=answers, flush=True)
