"""How float32 is multiplied. What a user set for the whole process must not change a score.

TF32 keeps ten bits of a factor (NVIDIA, Ampere architecture whitepaper). Torch has set it by
``torch.backends.*.fp32_precision`` since 2.9, and by ``allow_tf32`` and ``set_float32_matmul_precision`` before;
reading one kind raises where the other was used, so that only the kind that this torch prefers is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch


@cache
def _by_operation() -> bool:
    """Whether this torch has a precision for every operation."""
    return hasattr(getattr(torch.backends.cudnn, "conv", None), "fp32_precision")


@contextmanager
def multiplying(tf32: bool) -> Iterator[None]:
    """Multiply float32 in TF32 on a GPU, or exactly, and leave all settings as they were.

    Whatever was set is put back: the precision of products and convolutions, on CPUs too, whether cuDNN is used,
    and whether it chooses its algorithms by timing them, which gives other last digits from run to run.
    """
    settings = _settings(tf32)
    before = [_own(owner, name) for owner, name, _ in settings]
    matmul = None if _by_operation() else torch.get_float32_matmul_precision()
    try:
        for owner, name, value in settings:
            setattr(owner, name, value)
        yield
    finally:
        for (owner, name, _), value in zip(settings, before, strict=True):
            setattr(owner, name, value)
        if matmul is not None:
            torch.set_float32_matmul_precision(matmul)


def _own(owner: Any, name: str) -> Any:
    """What is set there itself: ``none`` where a precision follows that of all operations, which is read there."""
    value = getattr(owner, name)
    if name == "fp32_precision":
        setattr(owner, name, "none")
        if getattr(owner, name) != value:
            setattr(owner, name, value)
            return value
        return "none"
    return value


def _settings(tf32: bool) -> list[tuple[Any, str, Any]]:
    backends: Any = torch.backends
    settings: list[tuple[Any, str, Any]] = [(backends.cudnn, "enabled", True), (backends.cudnn, "benchmark", False)]
    if _by_operation():
        on_gpu = "tf32" if tf32 else "ieee"
        settings += [(owner, "fp32_precision", on_gpu) for owner in (backends.cudnn.conv, backends.cuda.matmul)]
        settings += [(owner, "fp32_precision", "ieee") for owner in (backends.mkldnn.conv, backends.mkldnn.matmul)]
        return settings
    return [*settings, (backends.cudnn, "allow_tf32", tf32), (backends.cuda.matmul, "allow_tf32", tf32)]
