"""The precisions of float32 that a user can set in torch from 2.9 on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import pytest
import torch

PRECISIONS = ("", "cudnn", "cudnn.conv", "cudnn.rnn", "cuda.matmul", "mkldnn", "mkldnn.conv", "mkldnn.matmul")
"""Where in ``torch.backends`` there is one; the empty path stands for the general one."""

SETTABLE = [
    (path, value)
    for path in PRECISIONS
    for value in (("ieee", "tf32", "bf16") if "mkldnn" in path else ("ieee", "tf32"))
]
"""Every precision that a user can set there: bfloat16 is of CPUs."""

new_precisions = pytest.mark.skipif(
    not hasattr(getattr(torch.backends.cudnn, "conv", None), "fp32_precision"), reason="torch before 2.9"
)


def precision_owner(path: str) -> Any:
    return reduce(getattr, filter(None, path.split(".")), torch.backends)


def set_precision(path: str, value: str) -> None:
    precision_owner(path).fp32_precision = value


def precisions() -> dict[str, object]:
    """What is set now."""
    return {
        **{path: precision_owner(path).fp32_precision for path in PRECISIONS},
        "benchmark": torch.backends.cudnn.benchmark,
    }


@contextmanager
def fresh_precisions() -> Iterator[None]:
    """Put back afterwards what a test sets."""
    before = precisions()
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = before.pop("benchmark")
        for path, value in before.items():
            set_precision(path, value)
