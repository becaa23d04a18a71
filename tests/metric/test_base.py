"""What the protocol checks of what a metric gives: scores, windows, and the digest of a fingerprint."""

from __future__ import annotations

import numpy as np
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


@pytest.mark.parametrize(
    "given",
    [
        np.array([1.0, 2.0, 3.0], dtype=np.float32)[1::-1],
        np.array([2.0, 1.0], dtype=np.float16),
        torch.tensor([2.0, 1.0], requires_grad=True),
        [torch.tensor(2.0), np.float64(1.0)],
        (2, True),
    ],
    ids=["negative stride", "half", "gradient", "list", "tuple"],
)
def test_numbers_in_any_array_are_scores(given):
    assert checked_scores(Plain(), given, 2) == [2.0, 1.0]


def test_a_single_number_may_have_a_negative_stride():
    assert checked_scores(Plain(), np.array([1.0, 2.0])[1::-2], 1) == [2.0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (torch.tensor([1 + 2j, 3]), "complex"),
        (np.array([1 + 0j, 3]), "complex"),
        ([1j, 2], "complex"),
        (np.array([1.0, None], dtype=object), "an array of objects"),
        (None, "returned NoneType"),
        ((score for score in (1.0, 2.0)), "returned generator"),
        ([10**400, 1], "returned list"),
        ({"a": 1.0}, "returned dict"),
    ],
    ids=["complex tensor", "complex array", "complex list", "objects", "None", "generator", "huge", "dict"],
)
def test_what_is_no_real_number_per_signal_is_said_to_be_none(given, said):
    with pytest.raises(MetricError, match=f"expected a tensor of numbers.*{said}|{said}.*expected a tensor"):
        checked_scores(Plain(), given, 2)


def test_windows_are_checked():
    assert checked_windows(Plain(), torch.tensor([[1, 2], [3, 4]]), 2) == [(1.0, 2.0), (3.0, 4.0)]
    for wrong in (torch.zeros(2), torch.zeros(3, 2), torch.zeros(2, 0), 1.0):
        with pytest.raises(MetricError, match="expected \\(2, windows\\)"):
            checked_windows(Plain(), wrong, 2)


def test_digest_does_not_depend_on_order():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})
