"""Processes that help to draw: the same bytes, and nothing that depends on them."""

from __future__ import annotations

import gc
import shutil
import sys
import threading
from collections import deque
from pathlib import Path

import pytest
from fontTools.subset import Options
from matplotlib.figure import Figure

from degrade_bench._support.garbage import uncollected
from degrade_bench.reports.figures import helpers
from degrade_bench.reports.figures.drawing import FORMATS, Drawing, house_style, save, width_rem
from degrade_bench.reports.figures.fonts import TYPESETTING, small_fonts
from degrade_bench.reports.figures.helpers import helped, usual_helpers
from degrade_bench.reports.html import draw
from degrade_bench.reports.inputs import load_run


def drawn_by_helpers(folder: Path, drawings: list[Drawing]) -> dict[str, float]:
    """The widths of what a helper has drawn, while this process has drawn nothing."""
    widths: dict[str, float] = {}
    with helped(1, folder, deque([one.name for one in drawings]), widths) as still_drawing:
        while still_drawing():
            pass
    return widths


def drawing(name: str = "one") -> Drawing:
    return Drawing(name, "", "", lambda: Figure(figsize=(1, 1)))


def test_a_helper_draws_the_same_bytes_and_leaves_what_it_cannot(finished, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    shutil.rmtree(copy / "figures")
    (copy / "figures").mkdir()
    selectivity = draw(load_run(finished))["selectivity"]
    widths = drawn_by_helpers(copy, [*selectivity, drawing("unheard_of")])
    with house_style():
        assert widths == {one.name: width_rem(one.figure) for one in selectivity}
    written = [copy / "figures" / f"{one.name}.{suffix}" for one in selectivity for suffix in FORMATS]
    assert sorted((copy / "figures").iterdir()) == sorted(written)
    for path in written:
        assert path.read_bytes() == (finished / "figures" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("boot", ["import sys; sys.exit(3)", "print('hello')", "print('ready')"])
def test_a_helper_that_ends_or_says_something_else_is_done_without(tmp_path, monkeypatch, boot):
    monkeypatch.setattr(helpers, "_BOOT", boot)
    saved = save([drawing("one"), drawing("two")], tmp_path, helpers=1)
    assert list(saved) == ["one", "two"]
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"{name}.{suffix}" for name in saved for suffix in FORMATS
    }


def test_without_an_interpreter_to_start_there_is_no_helper(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    assert drawn_by_helpers(tmp_path, [drawing()]) == {}


def test_an_error_ends_the_helpers(tmp_path, monkeypatch):
    monkeypatch.setattr(helpers, "_BOOT", "import time; print('ready', flush=True); time.sleep(600)")
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), helped(2, tmp_path, deque(["one", "two"]), {}):
        raise KeyboardInterrupt
    assert threading.active_count() == before


def test_no_more_helpers_than_cores_beside_this_one(monkeypatch):
    monkeypatch.setattr(helpers, "available_bytes", lambda: 1 << 40)
    for cores, figures, expected in [(1, 100, 0), (2, 100, 1), (64, 19, 0), (64, 40, 2), (2, 40, 1)]:
        monkeypatch.setattr(helpers, "available_cores", lambda cores=cores: cores)
        assert usual_helpers(figures) == expected
    monkeypatch.setattr(helpers, "available_bytes", lambda: 0)
    assert usual_helpers(100) == 0


def test_fonts_are_small_for_a_while_only():
    before = Options().drop_tables
    with small_fonts():
        assert set(TYPESETTING) <= set(Options().drop_tables)
    assert Options().drop_tables == before


def test_fonts_are_whole_where_fonttools_keeps_its_tables_elsewhere(monkeypatch):
    monkeypatch.delattr(Options, "_drop_tables_default")
    with small_fonts():
        assert not hasattr(Options, "_drop_tables_default")


@pytest.mark.parametrize("was_on", [True, False])
def test_garbage_is_collected_again_where_it_was(was_on):
    on = gc.isenabled()
    (gc.enable if was_on else gc.disable)()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() == was_on
    finally:
        (gc.enable if on else gc.disable)()
