"""What MuQ's encoder is built from: weights by their published names, and layers that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import nn

from degrade_bench.metric.muq_eval.architecture import Architecture
from degrade_bench.metric.muq_eval.packed import PackedLinear


class Weights(Protocol):
    """Where an encoder's weights come from: by published name, each checked and used once."""

    def __call__(self, name: str, *shape: int) -> torch.Tensor:
        """The float32 tensor of that name; raises where it is missing or of another shape."""


@dataclass(frozen=True)
class Blueprint:
    """What an encoder is built from.

    Attributes:
        architecture: its sizes.
        weights: gives the weights, under the names of ``muq``'s state dictionary.
        dtype: of the products: float32 or bfloat16. Residuals, norms and the spectrogram stay in float32.
        on_gpu: whether it is for a GPU; on a CPU Winograd's algorithm pays.
        tf32: on a GPU, multiply float32 in TF32, front end and conformer only.
        fused: whether the GPU adds biases and sums while it convolves.
        feed_forward: of the products in the feed-forward parts, which alone may be bfloat16.
        exact_layers: so many conformer layers, from the first on, whose feed-forward parts have ``dtype``, too.
        packed: on a CPU, whether float32 weights are kept as oneDNN multiplies by them.
    """

    architecture: Architecture
    weights: Weights
    dtype: torch.dtype = torch.float32
    on_gpu: bool = False
    tf32: bool = False
    fused: bool = False
    feed_forward: torch.dtype = torch.float32
    exact_layers: int = 0
    packed: bool = False

    def at_layer(self, index: int) -> Blueprint:
        """What a conformer layer is built from."""
        return replace(self, feed_forward=self.dtype) if index < self.exact_layers else self

    def linear(
        self, weight: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype
    ) -> nn.Linear | PackedLinear:
        """A linear layer of the encoder.

        Args:
            weight: ``(outputs, inputs)``.
            bias: ``(outputs,)``, or None for a layer without.
            dtype: in which it is kept and multiplied.
        """
        packed = self.packed and dtype is torch.float32
        return PackedLinear(weight, bias) if packed else linear(weight, bias, dtype)


def linear(weight: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype) -> nn.Linear:
    """A linear layer that holds these weights.

    Args:
        weight: ``(outputs, inputs)``.
        bias: ``(outputs,)``, or None for a layer without.
        dtype: in which they are kept and multiplied.
    """
    made: nn.Linear = nn.utils.skip_init(nn.Linear, weight.shape[1], weight.shape[0], bias=bias is not None)
    fill(made, weight, bias, dtype)
    return made


def fill(module: nn.Module, weight: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype) -> None:
    """Give a layer that was made without weights its weights.

    Args:
        module: a linear layer or a convolution.
        weight: of its weight's shape; of a convolution it is laid out channels-last.
        bias: ``(outputs,)``, or None.
        dtype: in which they are kept.
    """
    layout = torch.channels_last if weight.ndim == 4 else torch.contiguous_format
    module.weight = nn.Parameter(weight.to(dtype).contiguous(memory_format=layout), requires_grad=False)
    if bias is not None:
        module.bias = nn.Parameter(bias.to(dtype).contiguous(), requires_grad=False)


def conv(weight: torch.Tensor, bias: torch.Tensor | None, stride: tuple[int, int], dtype: torch.dtype) -> nn.Conv2d:
    """A 3x3 convolution with zeros around that holds these weights, channels-last.

    Args:
        weight: ``(outputs, inputs, 3, 3)``.
        bias: ``(outputs,)``, or None.
        stride: over bands and over frames.
        dtype: in which they are kept and multiplied.
    """
    outputs, inputs = weight.shape[:2]
    sizes = {"kernel_size": 3, "stride": stride, "padding": 1, "bias": bias is not None}
    made: nn.Conv2d = nn.utils.skip_init(nn.Conv2d, inputs, outputs, **sizes)
    fill(made, weight, bias, dtype)
    return made


def folded_conv(
    weights: Weights, prefix: str, number: int, inputs: int, outputs: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of a 3x3 convolution with the batch norm behind it folded in.

    Args:
        weights: where they come from.
        prefix: of the block's weights, with its dot.
        number: which convolution of the block, from 1.
        inputs: channels in.
        outputs: channels out.
    """
    name = f"{prefix}conv{number}."
    weight, bias = weights(name + "weight", outputs, inputs, 3, 3), weights(name + "bias", outputs)
    scale, shift = batch_norm(weights, f"{prefix}bn{number}", outputs)
    return weight * scale[:, None, None, None], bias * scale + shift


def batch_norm(weights: Weights, prefix: str, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch norm in evaluation as scale and shift, computed in float64.

    Args:
        weights: where its parameters come from.
        prefix: of their names, without the dot.
        width: channels.
    """
    weight, bias = weights(prefix + ".weight", width).double(), weights(prefix + ".bias", width).double()
    mean, variance = (weights(f"{prefix}.running_{of}", width).double() for of in ("mean", "var"))
    scale = weight / torch.sqrt(variance + 1e-5)
    return scale.float(), (bias - mean * scale).float()
