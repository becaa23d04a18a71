"""The sums that an encoder really does, and the fastest that any library here does such sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_flop_count

from listening.measure import Run

INSTRUCTIONS = {"avx512_bf16", "amx_bf16", "bf16"}
"""What Linux calls instructions for bfloat16; the last on ARM."""


def multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; without them it is slower than float32."""
    return bool(INSTRUCTIONS & set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split()))


def sums(encode: Callable[[torch.Tensor], torch.Tensor], audio: torch.Tensor) -> Counter[torch.dtype]:
    """Floating-point operations of all products and convolutions of a pass, by the type of their factors."""
    counting = _Counting()
    with counting:
        encode(audio)
    return counting.done


class _Counting(TorchDispatchMode):
    """Counts while it is entered, Winograd's transforms too."""

    def __init__(self) -> None:
        super().__init__()
        self.done: Counter[torch.dtype] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, operation = kwargs or {}, function._overloadpacket
        name = operation.__name__
        if name == "_linear_pointwise":
            out = function(*args, **kwargs)
            self.done[args[0].dtype] += 2 * args[0].numel() * out.shape[-1]
            return out
        if "scaled_dot_product" in name and "for_cpu" in name:
            self.done[args[0].dtype] += sdpa_flop_count(*(value.shape for value in args[:3]))
        elif operation not in flop_registry:
            with self:
                parts = function.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        out = function(*args, **kwargs)
        if operation in flop_registry:
            self.done[args[0].dtype] += flop_registry[operation](*args, **kwargs, out_val=out)
        return out


@dataclass(frozen=True)
class Product:
    """A matrix product.

    Attributes:
        run: does it.
        flops: its floating-point operations.
    """

    run: Run
    flops: float


def products(dtype: torch.dtype) -> Mapping[str, Product]:
    """Matrix products by every library at hand, of sizes at which each may be at its best, by name."""
    made: dict[str, Product] = {}
    packing = (
        getattr(torch.ops.mkldnn, "_reorder_linear_weight", None) if torch.backends.mkldnn.is_available() else None
    )
    for rows, inputs, outputs in ((250, 4096, 1024), (1000, 1024, 4096), (2048, 4096, 4096)):
        left, weight = torch.randn(rows, inputs).to(dtype), torch.randn(outputs, inputs).to(dtype)
        flops, size = 2.0 * rows * inputs * outputs, f"{rows} by {inputs} by {outputs}"
        made[f"torch's product, {size}"] = Product(lambda left=left, weight=weight: left @ weight.T, flops)
        if packing:
            packed = packing(weight, rows)
            linear = torch.ops.mkldnn._linear_pointwise
            made[f"oneDNN's packed, {size}"] = Product(
                lambda left=left, packed=packed, linear=linear: linear(left, packed, None, "none", [], ""), flops
            )
        if dtype is torch.float32:
            arrays = left.numpy(), np.ascontiguousarray(weight.numpy().T)
            made[f"numpy's, {size}"] = Product(lambda arrays=arrays: arrays[0] @ arrays[1], flops)
    many = torch.randn(36, 256, 512).to(dtype), torch.randn(36, 512, 512).to(dtype)
    made["torch's batched, 36 of 256 by 512 by 512"] = Product(lambda: torch.bmm(*many), 2.0 * 36 * 256 * 512 * 512)
    return made
