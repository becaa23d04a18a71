"""How float32 is multiplied. What a user set for the whole process must not change a score.

TF32 keeps ten bits of a factor (NVIDIA, Ampere architecture whitepaper). Torch has set it by
``torch.backends.*.fp32_precision`` since 2.9, and by ``allow_tf32`` and ``set_float32_matmul_precision`` before;
reading one kind raises where the other was used, so that where both are there the older one is read with care.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, reduce
from types import MappingProxyType
from typing import Any, TypeAlias

import torch

_Precisions: TypeAlias = "tuple[str, bool, dict[str, str]]"
"""Both older settings, and the newer ones by their owners."""

GENERAL: Mapping[str, str | None] = MappingProxyType(
    {
        "": None,
        "cudnn": "",
        "cudnn.conv": "cudnn",
        "cudnn.rnn": "cudnn",
        "cuda.matmul": "cudnn",
        "mkldnn": "",
        "mkldnn.conv": "mkldnn",
        "mkldnn.matmul": "mkldnn",
    }
)
"""What has a precision in ``torch.backends``, and the more general one that it follows where it has none itself."""


@contextmanager
def multiplying(tf32: bool) -> Iterator[None]:
    """Multiply float32 in TF32 on a GPU, or exactly, and leave all settings as they were.

    Whatever was set is put back: the precision of products and convolutions, on CPUs too, whether cuDNN is used,
    and whether it chooses its algorithms by timing them, which gives other last digits from run to run.
    """
    cudnn: Any = torch.backends.cudnn
    before = cudnn.enabled, cudnn.benchmark
    precisions = _precisions()
    try:
        cudnn.enabled, cudnn.benchmark = True, False
        _multiply(tf32)
        yield
    finally:
        _put_back(precisions)
        cudnn.enabled, cudnn.benchmark = before


def _multiply(tf32: bool) -> None:
    owners = _owners()
    if not owners:
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
        return
    for path in ("cudnn.conv", "cuda.matmul"):
        owners[path].fp32_precision = "tf32" if tf32 else "ieee"
    for path in ("mkldnn.conv", "mkldnn.matmul"):
        owners[path].fp32_precision = "ieee"


def precisions_kept() -> Callable[[], None]:
    """What puts every precision of float32 back that is set now, whichever of torch's two ways it was set in."""
    before = _precisions()

    def restore() -> None:
        if _precisions() != before:
            _put_back_older(before)
            _put_back(before)

    return restore


def _put_back(before: _Precisions) -> None:
    """What has the precision of a more general one goes on following that."""
    if not _owners():
        _put_back_older(before)
    _, _, values = before
    for path, owner in _owners().items():
        # torch 2.11 takes what is set for all of mkldnn for the general one: that is written where it must be
        if path in GENERAL.values() and owner.fp32_precision == values[path]:
            continue
        general = GENERAL[path]
        follows = general is not None and values[path] == values[general]
        owner.fp32_precision = "none" if follows else values[path]


def _put_back_older(before: _Precisions) -> None:
    matmul, convolution, _ = before
    torch.set_float32_matmul_precision(matmul)
    torch.backends.cudnn.allow_tf32 = convolution


def _precisions() -> _Precisions:
    matmul, convolution = "highest", True  # their defaults, for where a newer one contradicts them
    with suppress(RuntimeError):
        matmul = torch.get_float32_matmul_precision()
    with suppress(RuntimeError):
        convolution = torch.backends.cudnn.allow_tf32
    return matmul, convolution, {path: owner.fp32_precision for path, owner in _owners().items()}


@cache
def _owners() -> dict[str, Any]:
    """What has a newer precision, the more general first; nothing where this torch has none for every operation."""
    if not hasattr(getattr(torch.backends.cudnn, "conv", None), "fp32_precision"):
        return {}
    return {path: reduce(getattr, filter(None, path.split(".")), torch.backends) for path in GENERAL}
