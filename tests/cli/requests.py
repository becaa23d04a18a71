"""What the tests of the command line ask for, and how it refuses."""

from __future__ import annotations

SIGNAL = "white_noise,percentile_clipping,low_pass,mp3"
TESTED = "white_noise,percentile_clipping,bar_shuffle,tempo_change"
"""Enough to see every kind of row; whole suites are for ``tests/degrade`` and the benchmarks."""


def assert_refused(result: tuple[int, str, str], *said: str) -> None:
    code, _, err = result
    assert code == 2, err
    lines = [line for line in err.splitlines() if line.startswith("degrade-bench: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    for words in said:
        assert words in lines[0]
