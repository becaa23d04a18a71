"""3x3 convolution with fewer multiplications, for CPUs: Winograd's minimal filtering.

Tiles of m x m outputs cost (m + 2)² products a channel pair instead of 9 m²: a quarter at m = 4, four ninths at
m = 2. Larger tiles cancel more digits: m = 4 is for float32 (relative error about 1e-6 a layer, beside 4e-7 of the
direct sum), m = 2 for bfloat16.

Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, arXiv 1509.09308.
"""

from __future__ import annotations

import torch
from torch import nn

TILE = {torch.float32: 4, torch.bfloat16: 2}
TILES_AT_ONCE = 256
"""Keeps what is worked on within a core's cache, and the products large enough to be efficient."""

# the transforms of the input, the kernel and the output, by m (interpolation points 0, ±1, and ±2 for m = 4)
_INPUT = {
    2: ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
    4: (
        (4, 0, -5, 0, 1, 0),
        (0, -4, -4, 1, 1, 0),
        (0, 4, -4, -1, 1, 0),
        (0, -2, -1, 2, 1, 0),
        (0, 2, -1, -2, 1, 0),
        (0, 4, 0, -5, 0, 1),
    ),
}
_KERNEL = {
    2: ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
    4: (
        (1 / 4, 0, 0),
        (-1 / 6, -1 / 6, -1 / 6),
        (-1 / 6, 1 / 6, -1 / 6),
        (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6),
        (0, 0, 1),
    ),
}
_OUTPUT = {
    2: ((1, 1, 1, 0), (0, 1, -1, -1)),
    4: ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
}


class WinogradConv(nn.Module):
    """A 3x3 convolution of stride 1 with zeros around, the same function as ``nn.Conv2d(..., 3, padding=1)``.

    Args:
        weight: ``(outputs, inputs, 3, 3)``.
        bias: ``(outputs,)``.
        dtype: float32 or bfloat16.
    """

    kernels: torch.Tensor
    bias: torch.Tensor
    to_tiles: torch.Tensor
    from_tiles: torch.Tensor

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.tile = TILE[dtype]
        transform = torch.tensor(_KERNEL[self.tile], dtype=torch.float64)
        kernels = torch.einsum("ij,ocjk,lk->ilco", transform, weight.double(), transform).flatten(0, 1)
        self.register_buffer("kernels", kernels.to(dtype).contiguous())
        self.register_buffer("bias", bias.to(dtype))
        for name, table in (("to_tiles", _INPUT), ("from_tiles", _OUTPUT)):
            matrix = torch.tensor(table[self.tile], dtype=torch.float64)
            self.register_buffer(name, torch.kron(matrix, matrix).to(dtype))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, inputs, height, width)`` to ``(batch, outputs, height, width)``, channels-last."""
        m, (batch, inputs, height, width), outputs = self.tile, x.shape, self.kernels.shape[2]
        down, across = -(-height // m), -(-width // m)
        padded = x.new_zeros(batch, down * m + 2, across * m + 2, inputs)
        padded[:, 1 : height + 1, 1 : width + 1] = x.permute(0, 2, 3, 1)
        out = x.new_empty(batch, down, m, across, m, outputs)
        rows = max(1, TILES_AT_ONCE // across)
        work = _Workspace(x)
        for image, target in zip(padded, out, strict=True):
            for first in range(0, down, rows):
                count = min(rows, down - first)
                y = self._tiles(image[first * m :], count, across, work)
                target[first : first + count].copy_(y.view(m, m, count, across, outputs).permute(2, 0, 3, 1, 4))
        y = out.view(batch, down * m, across * m, outputs)[:, :height, :width]
        return y.permute(0, 3, 1, 2).add_(self.bias[:, None, None])

    def _tiles(self, image: torch.Tensor, down: int, across: int, work: _Workspace) -> torch.Tensor:
        """The first ``down`` rows of tiles of ``(height, width, inputs)``: ``(m², tiles·outputs)``."""
        m, side, (_, inputs, outputs) = self.tile, self.tile + 2, self.kernels.shape
        tiles = down * across
        high, wide, _ = image.stride()
        overlapping = image.as_strided((side, side, down, across, inputs), (high, wide, m * high, m * wide, 1))
        gathered = work.get("gathered", side * side, tiles * inputs)
        gathered.view(side, side, down, across, inputs).copy_(overlapping)
        moved = torch.mm(self.to_tiles, gathered, out=work.get("moved", side * side, tiles * inputs))
        product = work.get("product", side * side, tiles * outputs)
        torch.bmm(moved.view(-1, tiles, inputs), self.kernels, out=product.view(-1, tiles, outputs))
        return torch.mm(self.from_tiles, product, out=work.get("done", m * m, tiles * outputs))


class _Workspace:
    """Buffers that one call uses again and again; the first use of a name is its largest."""

    def __init__(self, like: torch.Tensor) -> None:
        self.like = like
        self.held: dict[str, torch.Tensor] = {}

    def get(self, name: str, rows: int, columns: int) -> torch.Tensor:
        if name not in self.held:
            self.held[name] = self.like.new_empty(rows * columns)
        return self.held[name][: rows * columns].view(rows, columns)
