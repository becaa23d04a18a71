"""Linear layers whose weights lie in memory as oneDNN multiplies by them.

A library that is given a plain matrix arranges it anew for every product; oneDNN can be asked to do so once.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

ROWS = 250
"""Frames of a window: oneDNN arranges weights for about so many rows."""


def packing_pays() -> bool:
    """Whether to pack on this machine: torch has oneDNN, and the processor AVX-512.

    With AVX2 plain products are as fast, and their weights may stay in the file, which is mapped.
    """
    known = hasattr(torch.ops.mkldnn, "_linear_pointwise") and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    return known and torch.backends.mkldnn.is_available() and torch.backends.cpu.get_cpu_capability() == "AVX512"


class PackedLinear(nn.Module):
    """A linear layer in float32, for CPUs only.

    Args:
        weight: ``(outputs, inputs)``; not kept, so that its memory can be given back.
        bias: ``(outputs,)``, or None.
    """

    bias: torch.Tensor | None

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        self.register_buffer("bias", bias)
        self._packed = _packed(weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(..., inputs)`` to ``(..., outputs)``."""
        output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "none", [], "")
        return output

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with plain weights, and packed again: the arrangement is that of one processor."""
        return PackedLinear, (self._packed.to_dense(), self.bias)


def own_memory(module: nn.Module) -> None:
    """Copy what a module holds of a mapped file: while any of it is in use, all of the file stays mapped."""
    for tensor in (*module.parameters(), *module.buffers()):
        tensor.data = tensor.data.clone()


def _packed(weight: torch.Tensor) -> torch.Tensor:
    packed: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), ROWS)
    return packed
