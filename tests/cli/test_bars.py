"""Bars on a terminal: of cells, of metrics that are analysed, of figures."""

from __future__ import annotations

import io

import pytest
from rich.progress import Progress

from degrade_bench._support.bars import Bars, RateColumn
from degrade_bench._support.terminal import PlainConsole
from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.bench import stress_test
from degrade_bench.conclude import show
from tests.analysis.tables import noisy, table
from tests.sweep.toys import Rms


def shown_by(work, terminal=True) -> str:
    stream = io.StringIO()
    console = PlainConsole(file=stream, force_terminal=terminal, width=100, highlight=False)
    with Bars(console) as bars:
        work(bars)
    return stream.getvalue()


def test_a_bar_takes_the_place_of_the_one_before():
    def work(bars):
        bars.advance(3)  # of nothing
        bars.begin("cells", 10)
        bars.advance(10)
        bars.step("metrics analysed", 0, 2)
        bars.step("metrics analysed", 1, 2)
        bars.step("figures", 0, 4)
        bars.step("figures", 4, 4)

    shown = shown_by(work)
    screen = shown.rpartition("\x1b[2K")[2]  # what stands there after the last line was erased
    assert "4/4" in screen
    assert "figures" in screen
    assert not {"cells", "analysed"} & set(screen.split())
    assert shown_by(work, terminal=False) == ""


@pytest.mark.parametrize(("speed", "said"), [(None, ""), (0.0, ""), (12.34, "12.3/s"), (0.25, "4.0 s each")])
def test_the_rate_is_in_words_that_can_be_read(speed, said):
    bar = Progress()
    bar.add_task("cells", total=10)
    (task,) = bar.tasks
    task.finished_speed = speed
    assert RateColumn().render(task).plain == said


def test_an_analysis_says_how_far_it_is():
    told = []
    analyse(table(noisy(lambda *cell: 0.0)), AnalysisOptions(), steps=lambda done, of: told.append((done, of)))
    metrics = told[-1][1]
    assert told == [(done, metrics) for done in range(metrics + 1)]


def test_so_does_a_report(tmp_path, clip_factory):
    told = []
    clips = [clip_factory(2.0, 8000, 1, seed=seed) for seed in range(2)]
    damage = {"degradations": ("white_noise",), "suites": (), "levels": (5,)}
    stress_test(Rms(), clips=clips, workers=1, out=tmp_path / "o", **damage)
    show(tmp_path / "o", lambda done, of: told.append((done, of)))
    figures = len(list((tmp_path / "o" / "figures").glob("*.png")))
    assert told == [(done, figures) for done in range(figures + 1)]
