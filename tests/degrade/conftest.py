"""Fixtures of the tests of degradations and suites."""

from __future__ import annotations

import pytest

from degrade_bench.degrade.suites import suite


@pytest.fixture
def written(tmp_path):
    """Write a suite and read it."""

    def write(text, name="mine.yaml"):
        (tmp_path / name).write_text(text)
        return suite(tmp_path / name)

    return write
