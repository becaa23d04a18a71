"""The conformer of MuQ's encoder: feed-forward steps, attention with rotary positions, depthwise convolution.

Sources: Conformer, arXiv 2005.08100; rotary positions, arXiv 2104.09864. As in the published model, positions
rotate the input of the projections rather than queries and keys.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from degrade_bench.metric.muq_eval.layers import Blueprint, Weights, batch_norm, fill


class Conformer(nn.Module):
    """One conformer layer: half a feed-forward step, attention, convolution, half a feed-forward step, norm."""

    def __init__(self, blueprint: Blueprint, prefix: str) -> None:
        super().__init__()
        self.before = FeedForward(blueprint, prefix + "ffn1")
        self.attention = Attention(blueprint, prefix + "self_attn")
        self.convolution = Convolution(blueprint, prefix + "conv_module.")
        self.after = FeedForward(blueprint, prefix + "ffn2")
        self.norm = LayerNorm(blueprint.weights, prefix + "final_layer_norm", blueprint.architecture.dim)

    def forward(self, x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
        """One layer.

        Args:
            x: ``(batch, time, dim)``, float32; what is returned has that shape and type too.
            cosine: of the rotary positions, as :meth:`Rotary.tables` gives them.
            sine: likewise.
        """
        x = x + self.before(x)
        x = x + self.attention(x, cosine, sine)
        x = x + self.convolution(x)
        output: torch.Tensor = self.norm(x + self.after(x))
        return output


class FeedForward(nn.Module):
    """Norm, product, activation, product; half of it, which the last weights hold (exact: a power of two)."""

    def __init__(self, blueprint: Blueprint, prefix: str) -> None:
        super().__init__()
        architecture, weights, dtype = blueprint.architecture, blueprint.weights, blueprint.feed_forward
        width, inner = architecture.dim, architecture.feed_forward_dim
        self.dtype, self.activation = dtype, activation(architecture.activation)
        self.norm = LayerNorm(weights, prefix + "_layer_norm", width)
        name = prefix + ".intermediate_dense."
        self.widen = blueprint.linear(weights(name + "weight", inner, width), weights(name + "bias", inner), dtype)
        name = prefix + ".output_dense."
        halved = (0.5 * weights(name + "weight", width, inner), 0.5 * weights(name + "bias", width))
        self.narrow = blueprint.linear(*halved, dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)``."""
        output: torch.Tensor = self.narrow(self.activation(self.widen(self.norm(x).to(self.dtype))))
        return output


class Attention(nn.Module):
    """Norm and multi-head attention over all frames; no mask."""

    def __init__(self, blueprint: Blueprint, prefix: str) -> None:
        super().__init__()
        architecture, weights, dtype = blueprint.architecture, blueprint.weights, blueprint.dtype
        width = architecture.dim
        self.heads, self.dtype = architecture.heads, dtype
        self.norm = LayerNorm(weights, prefix + "_layer_norm", width)

        def named(which: str) -> tuple[torch.Tensor, torch.Tensor]:
            return weights(f"{prefix}.{which}.weight", width, width), weights(f"{prefix}.{which}.bias", width)

        query, key = named("linear_q"), named("linear_k")
        both = (torch.cat([query[0], key[0]]), torch.cat([query[1], key[1]]))
        self.queries_and_keys = blueprint.linear(*both, dtype)
        self.values = blueprint.linear(*named("linear_v"), dtype)
        self.out = blueprint.linear(*named("linear_out"), dtype)

    def forward(self, x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
        """What every frame takes from all others.

        Args:
            x: ``(batch, time, dim)``, float32; what is returned has that shape, and the type of the products.
            cosine: of the rotary positions, as :meth:`Rotary.tables` gives them.
            sine: likewise.
        """
        batch, time, width = x.shape
        normed = self.norm(x)
        rotated = rotate(normed, cosine, sine, self.heads).to(self.dtype)
        query, key = self.queries_and_keys(rotated).view(batch, time, 2, self.heads, -1).unbind(2)
        value = self.values(normed.to(self.dtype)).view(batch, time, self.heads, -1)
        attended = F.scaled_dot_product_attention(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
        output: torch.Tensor = self.out(attended.transpose(1, 2).reshape(batch, time, width))
        return output


class Convolution(nn.Module):
    """Norm, gated product, depthwise convolution over time with its batch norm in it, activation, product."""

    def __init__(self, blueprint: Blueprint, prefix: str) -> None:
        super().__init__()
        architecture, weights, dtype = blueprint.architecture, blueprint.weights, blueprint.dtype
        width, taps = architecture.dim, architecture.kernel_size
        self.dtype, self.activation = dtype, activation(architecture.activation)
        self.norm = LayerNorm(weights, prefix + "layer_norm", width)
        gated = weights(prefix + "pointwise_conv1.weight", 2 * width, width, 1).squeeze(2)
        self.gated = blueprint.linear(gated, None, dtype)
        weight = weights(prefix + "depthwise_conv.weight", width, 1, taps)
        scale, shift = batch_norm(weights, prefix + "batch_norm", width)
        # in two dimensions, because only then channels may come last in memory, as the products have them
        self.depthwise = nn.utils.skip_init(
            nn.Conv2d, width, width, (1, taps), padding=(0, taps // 2), groups=width
        )
        fill(self.depthwise, (weight * scale[:, None, None])[:, :, None], shift, dtype)
        mixing = weights(prefix + "pointwise_conv2.weight", width, width, 1).squeeze(2)
        self.mix = blueprint.linear(mixing, None, dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)``."""
        y = F.glu(self.gated(self.norm(x).to(self.dtype)), dim=-1)
        y = self.depthwise(y.transpose(1, 2)[:, :, None])[:, :, 0].transpose(1, 2)
        output: torch.Tensor = self.mix(self.activation(y))
        return output


class LayerNorm(nn.Module):
    """Layer norm in float32."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, weights: Weights, prefix: str, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", weights(prefix + ".weight", width))
        self.register_buffer("bias", weights(prefix + ".bias", width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(..., width)``."""
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


class Rotary(nn.Module):
    """Cosines and sines of the rotary positions."""

    frequencies: torch.Tensor

    def __init__(self, frequencies: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("frequencies", frequencies)

    def tables(self, time: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Each ``(time, 1, head width / 2)``, float32."""
        steps = torch.arange(time, device=self.frequencies.device, dtype=torch.float32)
        angles = (steps[:, None] * self.frequencies)[:, None]
        return angles.cos(), angles.sin()


def rotate(x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor, heads: int) -> torch.Tensor:
    """Turn the two halves of every head by the angle of its time step.

    Args:
        x: ``(batch, time, dim)``.
        cosine: ``(time, 1, dim / heads / 2)``.
        sine: likewise.
        heads: how many ``dim`` is divided into.
    """
    batch, time, width = x.shape
    first, second = x.view(batch, time, heads, -1).chunk(2, dim=-1)
    turned = torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
    return turned.view(batch, time, width)


def activation(name: str) -> nn.Module:
    """The activation of that name in the published configuration: ``swish`` and ``silu`` are the same."""
    return nn.GELU() if name == "gelu" else nn.SiLU(inplace=True)
