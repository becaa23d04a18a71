"""The section of whole sets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from degrade_bench.reports.html import render
from degrade_bench.reports.sections import sets
from degrade_bench.runs.set_values import SetValue, write_set_values

VALUE = SetValue("si-sdr", "white_noise", 1, "test", 0, 7, 6, 70, 200, 0.5, 0.25, 0.125)


@pytest.fixture
def with_values(run, tmp_path):
    write_set_values(
        tmp_path,
        [VALUE, replace(VALUE, replicate=1, value=0.7), replace(VALUE, level=3, extrapolated=None, role="control")],
    )
    return replace(run, folder=tmp_path)


def test_the_three_values_of_every_tested_cell_averaged_over_replicates(with_values):
    (shown,) = sets.rows(with_values)["sets"]
    assert shown["degradations"] == {
        "white_noise": {1: {"value": pytest.approx(0.6), "corrected": 0.25, "extrapolated": 0.125}}
    }
    text = render(with_values, {}, [sets.SECTION])
    assert "<h3>si-sdr</h3>" in text
    assert '<td class="r">0.6<br>0.25<br><span class="faint">0.125</span></td>' in text
    assert "fewer vectors than dimensions" in text


def test_a_run_without_set_metrics_has_no_such_section(run, tmp_path):
    without = replace(run, folder=tmp_path)
    assert sets.rows(without) is None
    assert "Whole sets" not in render(without, {}, [sets.SECTION])


def test_another_reference_set_is_named(with_values):
    clips = with_values.record.clips
    request = with_values.record.request.model_copy(update={"reference_set": ("<b>music</b>",)})
    record = with_values.record.model_copy(update={"reference_clips": clips, "request": request})
    text = render(replace(with_values, record=record), {}, [sets.SECTION])
    assert f"with the {len(clips)} clips of a reference set (&lt;b&gt;music&lt;/b&gt;) at once." in text
