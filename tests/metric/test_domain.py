"""What is said of a metric by what it was made for."""

from __future__ import annotations

from degrade_bench.metric.traits import domain_note


def test_a_metric_of_music_needs_no_note():
    assert domain_note("music") is None
    assert domain_note("speech") == "made for speech: a wrong-domain control"
    assert domain_note("simulation") == "simulated: it hears nothing, and its truth is known"
