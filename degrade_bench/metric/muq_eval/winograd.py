"""3x3 convolution with fewer multiplications, for CPUs: Winograd's minimal filtering, of stride 1 and of stride 2.

Tiles of m x m outputs cost (m + 2)² products a channel pair instead of 9 m²: a quarter at m = 4, four ninths at
m = 2. Larger tiles cancel more digits: m = 4 is for float32 (relative error about 1e-6 a layer, beside 4e-7 of the
direct sum), m = 2 for bfloat16.

With stride 2, outputs see every second input under two taps of the kernel, and the inputs between under the third.
The first are a convolution of stride 1, of m + 1 products instead of 2 m; the others stay m. In two dimensions that
is (2 m + 1)² instead of 9 m², nine sixteenths at m = 4, and many of these products share their kernel.

Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, arXiv 1509.09308; the transforms of two
taps are those of Toom and Cook at the points 0, 1, -1, 1/2 and infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

TILE = {torch.float32: 4, torch.bfloat16: 2}
TILES_AT_ONCE = 256
"""Keeps what is worked on within a core's cache, and the products large enough to be efficient."""

Table = Sequence[Sequence[float]]


@dataclass(frozen=True)
class _Axis:
    """The transforms along one axis.

    Attributes:
        inputs: from what a tile covers to products.
        kernel: from three taps to products.
        outputs: from products to what comes of a tile.
        alike: so many products, the last ones, have the same kernel.
    """

    inputs: Table
    kernel: Table
    outputs: Table
    alike: int = 1

    @property
    def own(self) -> int:
        """How many of the products have kernels of their own; the next kernel is that of all others."""
        return len(self.inputs) - self.alike


# by outputs of a tile and stride; interpolation points of stride 1 are 0, ±1, and ±2 for 4 outputs
_AXES: dict[tuple[int, int], _Axis] = {
    (2, 1): _Axis(
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
        ((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    (4, 1): _Axis(
        (
            (4, 0, -5, 0, 1, 0),
            (0, -4, -4, 1, 1, 0),
            (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0),
            (0, 2, -1, -2, 1, 0),
            (0, 4, 0, -5, 0, 1),
        ),
        (
            (1 / 4, 0, 0),
            (-1 / 6, -1 / 6, -1 / 6),
            (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6),
            (1 / 24, -1 / 12, 1 / 6),
            (0, 0, 1),
        ),
        ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
    ),
    (4, 2): _Axis(
        (
            (1 / 2, 0, -1, 0, -1 / 2, 0, 1, 0, 0),
            (0, 0, -1 / 2, 0, 1 / 2, 0, 1, 0, 0),
            (0, 0, 1 / 2, 0, -3 / 2, 0, 1, 0, 0),
            (0, 0, -1, 0, 0, 0, 1, 0, 0),
            (0, 0, 1 / 2, 0, -1, 0, -1 / 2, 0, 1),
            *([float(at == 2 * index + 1) for at in range(9)] for index in range(4)),
        ),
        (
            (2, 0, 0),
            (1, 0, 1),
            (-1 / 3, 0, 1 / 3),
            (-8 / 3, 0, -4 / 3),
            (0, 0, 1),
            *((0, 1, 0) for _ in range(4)),
        ),
        (
            (1, 1, 1, 1, 0, 1, 0, 0, 0),
            (0, 1, -1, 1 / 2, 0, 0, 1, 0, 0),
            (0, 1, 1, 1 / 4, 0, 0, 0, 1, 0),
            (0, 1, -1, 1 / 8, 1, 0, 0, 0, 1),
        ),
        alike=4,
    ),
}


def winograd_conv(
    weight: torch.Tensor, bias: torch.Tensor, stride: tuple[int, int], dtype: torch.dtype
) -> WinogradConv:
    """A 3x3 convolution with zeros around, the same function as ``nn.Conv2d(..., 3, stride, padding=1)``.

    Args:
        weight: ``(outputs, inputs, 3, 3)``.
        bias: ``(outputs,)``.
        stride: along height and along width, 1 or 2 each.
        dtype: float32, or bfloat16 with stride 1.
    """
    made = WinogradConv if dtype is torch.float32 else RoundedOnce
    return made(weight, bias, stride, dtype)


class WinogradConv(nn.Module):
    """Transforms along one axis, then along the other; see :func:`winograd_conv` for the arguments."""

    kernels: torch.Tensor
    bias: torch.Tensor
    to_tiles0: torch.Tensor
    to_tiles1: torch.Tensor
    from_tiles0: torch.Tensor
    from_tiles1: torch.Tensor

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor, stride: tuple[int, int], dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.tile, self.stride = TILE[dtype], stride
        axes = [_AXES[self.tile, step] for step in stride]
        self.own = axes[0].own, axes[1].own
        transforms = [_table(axis.kernel[: axis.own + 1]) for axis in axes]
        kernels = torch.einsum("ij,ocjk,lk->ilco", transforms[0], weight.double(), transforms[1])
        self.register_buffer("kernels", kernels.to(dtype).contiguous())
        self.register_buffer("bias", bias.to(dtype))
        for index, axis in enumerate(axes):
            self.register_buffer(f"to_tiles{index}", _table(axis.inputs).to(dtype))
            self.register_buffer(f"from_tiles{index}", _table(axis.outputs).to(dtype))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, inputs, height, width)`` to ``(batch, outputs, height, width)``, channels-last.

        With stride 2, height or width are halved, and rounded up.
        """
        m, (batch, _, height, width), outputs = self.tile, x.shape, self.kernels.shape[3]
        high, wide = -(-height // self.stride[0]), -(-width // self.stride[1])
        down, across = -(-high // m), -(-wide // m)
        out = x.new_empty(batch, down, m, across, m, outputs)
        rows = max(1, TILES_AT_ONCE // across)
        work = _Workspace(x)
        for image, target in zip(x.permute(0, 2, 3, 1), out, strict=True):
            for first in range(0, down, rows):
                count = min(rows, down - first)
                y = self._tiles(self._covered(image, first, (count, across), work), (count, across), work)
                y = y.view(m, m, count, across, outputs).permute(2, 0, 3, 1, 4)
                torch.add(y, self.bias, out=target[first : first + count])
        return out.view(batch, down * m, across * m, outputs)[:, :high, :wide].permute(0, 3, 1, 2)

    def _covered(self, image: torch.Tensor, first: int, tiles: tuple[int, int], work: _Workspace) -> torch.Tensor:
        """What rows of tiles cover, with zeros around the image: ``(height, width, inputs)``.

        Args:
            image: ``(height, width, inputs)``.
            first: row of tiles.
            tiles: how many, down and across.
            work: buffers.
        """
        inputs = image.shape[2]
        high, wide = ((count * self.tile - 1) * step + 3 for count, step in zip(tiles, self.stride, strict=True))
        top = first * self.tile * self.stride[0] - 1  # one row of zeros stands above the image
        covered = work.get("covered", high, wide * inputs).view(high, wide, inputs).zero_()
        there = image[max(0, top) : top + high, : wide - 1]
        below = max(0, -top)
        covered[below : below + len(there), 1 : 1 + there.shape[1]] = there
        return covered

    def _tiles(self, covered: torch.Tensor, counts: tuple[int, int], work: _Workspace) -> torch.Tensor:
        """What comes of tiles: as many numbers as ``(m, m, down, across, outputs)``.

        Args:
            covered: by the tiles, ``(height, width, inputs)``.
            counts: how many, down and across.
            work: buffers.
        """
        gathered = self._gathered(covered, counts, work)
        m, tiles, outputs = self.tile, counts[0] * counts[1], self.kernels.shape[3]
        moved = torch.mm(self.to_tiles0, gathered, out=work.get("moved", len(self.to_tiles0), gathered.shape[1]))
        done = work.get("done", len(moved), m * tiles * outputs)
        for index, row in enumerate(moved):
            product = self._products(row.view(self.to_tiles1.shape[1], -1), min(index, self.own[0]), tiles, work)
            torch.mm(self.from_tiles1, product, out=done[index].view(m, -1))
        return torch.mm(self.from_tiles0, done, out=work.get("out", m, done.shape[1]))

    def _gathered(self, covered: torch.Tensor, counts: tuple[int, int], work: _Workspace) -> torch.Tensor:
        """What each tile covers: ``(height of it, width of it·tiles·inputs)``.

        Args:
            covered: by all, ``(height, width, inputs)``.
            counts: how many tiles, down and across.
            work: buffers.
        """
        inputs, sides = covered.shape[2], (self.to_tiles0.shape[1], self.to_tiles1.shape[1])
        high, wide, _ = covered.stride()
        steps = self.tile * self.stride[0] * high, self.tile * self.stride[1] * wide
        overlapping = covered.as_strided((*sides, *counts, inputs), (high, wide, *steps, 1))
        gathered = work.get("gathered", sides[0], sides[1] * counts[0] * counts[1] * inputs)
        gathered.view(*sides, *counts, inputs).copy_(overlapping)
        return gathered

    def _products(self, row: torch.Tensor, index: int, tiles: int, work: _Workspace) -> torch.Tensor:
        """A row of products: ``(products, tiles·outputs)``.

        Args:
            row: ``(side, tiles·inputs)``, transformed along height.
            index: of its kernels.
            tiles: how many.
            work: buffers.
        """
        own, kernels, (inputs, outputs) = self.own[1], self.kernels[index], self.kernels.shape[2:]
        moved = torch.mm(self.to_tiles1, row, out=work.get("row", len(self.to_tiles1), row.shape[1]))
        product = work.get("product", len(moved), tiles * outputs)
        factors = moved[:own].view(own, tiles, inputs)
        torch.bmm(factors, kernels[:own], out=product[:own].view(own, tiles, outputs))
        torch.mm(moved[own:].view(-1, inputs), kernels[own], out=product[own:].view(-1, outputs))
        return product


class RoundedOnce(WinogradConv):
    """Transforms both axes at once, so that bfloat16 rounds what is transformed once; with stride 1."""

    to_tiles: torch.Tensor
    from_tiles: torch.Tensor

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor, stride: tuple[int, int], dtype: torch.dtype
    ) -> None:
        super().__init__(weight, bias, stride, dtype)
        self.register_buffer("to_tiles", torch.kron(self.to_tiles0, self.to_tiles1))
        self.register_buffer("from_tiles", torch.kron(self.from_tiles0, self.from_tiles1))

    def _tiles(self, covered: torch.Tensor, counts: tuple[int, int], work: _Workspace) -> torch.Tensor:
        """As that of :class:`WinogradConv`."""
        planes, tiles, (inputs, outputs) = len(self.to_tiles), counts[0] * counts[1], self.kernels.shape[2:]
        gathered = self._gathered(covered, counts, work).view(planes, -1)
        moved = torch.mm(self.to_tiles, gathered, out=work.get("moved", planes, tiles * inputs))
        product = work.get("product", planes, tiles * outputs)
        factors, out = moved.view(planes, tiles, inputs), product.view(planes, tiles, outputs)
        torch.bmm(factors, self.kernels.flatten(0, 1), out=out)
        return torch.mm(self.from_tiles, product, out=work.get("out", len(self.from_tiles), tiles * outputs))


def _table(rows: Table) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


class _Workspace:
    """Buffers that one call uses again and again; the first use of a name is its largest."""

    def __init__(self, like: torch.Tensor) -> None:
        self.like = like
        self.held: dict[str, torch.Tensor] = {}

    def get(self, name: str, rows: int, columns: int) -> torch.Tensor:
        if name not in self.held:
            self.held[name] = self.like.new_empty(rows * columns)
        return self.held[name][: rows * columns].view(rows, columns)
