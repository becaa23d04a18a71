"""What the protocol checks of what a metric gives: scores, windows, and the digest of a fingerprint."""

from __future__ import annotations

import pytest
import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.base import checked_scores, checked_windows, digest
from tests.metric.plain import Plain


def test_scores_are_checked():
    assert checked_scores(Plain(), torch.tensor([1, float("inf")]), 2) == [1.0, float("inf")]
    assert checked_scores(Plain(), [1, 2], 2) == [1.0, 2.0]
    for wrong in (torch.zeros(2, 1), torch.zeros(3), 1.0):
        with pytest.raises(MetricError, match="expected \\(2,\\)"):
            checked_scores(Plain(), wrong, 2)
    with pytest.raises(MetricError, match="expected a tensor"):
        checked_scores(Plain(), "good", 2)


def test_windows_are_checked():
    assert checked_windows(Plain(), torch.tensor([[1, 2], [3, 4]]), 2) == [(1.0, 2.0), (3.0, 4.0)]
    for wrong in (torch.zeros(2), torch.zeros(3, 2), torch.zeros(2, 0), 1.0):
        with pytest.raises(MetricError, match="expected \\(2, windows\\)"):
            checked_windows(Plain(), wrong, 2)


def test_digest_does_not_depend_on_order():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})
