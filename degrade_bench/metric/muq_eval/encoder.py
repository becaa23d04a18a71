"""MuQ's encoder for inference: the same weights as ``muq``'s, and only what MuQ-Eval's score depends on.

What differs from ``muq``'s forward is how, not what, is computed: batch norms are folded into the convolutions
before them, the halves of the feed-forward modules into their last layers; queries and keys come from one product;
the front end runs channels-last; pointwise convolutions are products; attention never stores its weights. The
projection to code books, the pre-training quantiser and the unused positional convolution are not there, and no
intermediate layer is kept.

Sources: MuQ, arXiv 2501.01108; Conformer, arXiv 2005.08100; rotary positions, arXiv 2104.09864. Two quirks of the
published model are kept: positions rotate the input of the projections rather than queries and keys, and the last
frame of the spectrogram is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn
from torch.nn import functional as F

from degrade_bench.metric.muq_eval.architecture import N_FFT, Architecture
from degrade_bench.metric.muq_eval.winograd import WinogradConv


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
        winograd: convolve by Winograd's algorithm, which pays on a CPU.
    """

    architecture: Architecture
    weights: Weights
    dtype: torch.dtype = torch.float32
    winograd: bool = True


class Encoder(nn.Module):
    """Audio at 24 kHz to frames of features at 25 Hz."""

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__()
        architecture, weights = blueprint.architecture, blueprint.weights
        self.spectrogram = LogMel(architecture)
        self.front = FrontEnd(blueprint)
        half_head = architecture.dim // architecture.heads // 2
        self.positions = Rotary(weights("conformer.embed_positions.inv_freq", half_head))
        self.layers = nn.ModuleList(
            [Conformer(blueprint, f"conformer.layers.{index}.") for index in range(architecture.depth)]
        )
        self.last_norm = LayerNorm(weights, "conformer.layer_norm", architecture.dim, architecture.norm_eps)

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """``(batch, samples)`` at 24 kHz, float32, to ``(batch, time, dim)``, float32."""
        frames = self.front(self.spectrogram(audio))
        cosine, sine = self.positions.tables(frames.shape[1])
        for layer in self.layers:
            frames = layer(frames, cosine, sine)
        return self.last_norm(frames)


class LogMel(nn.Module):
    """Mel spectrogram in dB (10·log10 of power, floor 1e-10), normalised; always in float32."""

    window: torch.Tensor
    bands: torch.Tensor

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        import torchaudio

        self.hop_length, self.mean, self.std = architecture.hop_length, architecture.mel_mean, architecture.mel_std
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        bands = torchaudio.functional.melscale_fbanks(N_FFT // 2 + 1, 0.0, 12000.0, architecture.n_mels, 24000)
        self.register_buffer("bands", bands, persistent=False)

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """``(batch, samples)`` to ``(batch, 1, bands, frames)``."""
        spectrum = torch.stft(audio, N_FFT, self.hop_length, window=self.window, center=True, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        mel = (power.transpose(1, 2) @ self.bands).transpose(1, 2)[..., :-1]
        decibels = 10.0 * mel.clamp(min=1e-10).log10()
        return ((decibels - self.mean) / self.std)[:, None]


class FrontEnd(nn.Module):
    """Two residual blocks of 3x3 convolutions, and a projection of each time step's bands and channels."""

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__()
        architecture, weights = blueprint.architecture, blueprint.weights
        channels, width = architecture.conv_dim, architecture.dim
        self.dtype = blueprint.dtype
        self.blocks = nn.ModuleList(
            [
                ResidualBlock(blueprint, f"conv.conv.{index}.", 1 if index == 0 else channels, stride)
                for index, stride in enumerate(architecture.time_strides)
            ]
        )
        bands = architecture.n_mels // 4
        weight = weights("conv.linear.weight", width, channels * bands).view(width, channels, bands)
        # published order is channels before bands; channels-last memory has bands before channels
        weight = weight.transpose(1, 2).reshape(width, bands * channels)
        self.projection = linear(weight, weights("conv.linear.bias", width), self.dtype)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """``(batch, 1, bands, frames)`` to ``(batch, time, dim)``, float32."""
        x = mel.to(self.dtype, memory_format=torch.channels_last)
        for block in self.blocks:
            x = block(x)
        return self.projection(x.permute(0, 3, 2, 1).flatten(2)).float()


class ResidualBlock(nn.Module):
    """Two convolutions beside a third, batch norms folded in; halves the bands and, by ``stride``, the frames."""

    def __init__(self, blueprint: Blueprint, prefix: str, inputs: int, stride: int) -> None:
        super().__init__()
        dtype, outputs = blueprint.dtype, blueprint.architecture.conv_dim
        second = _folded(blueprint.weights, prefix, 2, outputs, outputs)
        self.first = conv(*_folded(blueprint.weights, prefix, 1, inputs, outputs), (2, stride), dtype)
        self.second = WinogradConv(*second, dtype) if blueprint.winograd else conv(*second, (1, 1), dtype)
        self.beside = conv(*_folded(blueprint.weights, prefix, 3, inputs, outputs), (2, stride), dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, channels, bands, frames)``."""
        y = self.second(self.first(x).relu_())
        return y.add_(self.beside(x)).relu_()


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
        """``(batch, time, dim)``, float32, and back."""
        x = x + self.before(x)
        x = x + self.attention(x, cosine, sine)
        x = x + self.convolution(x)
        return self.norm(x + self.after(x))


class FeedForward(nn.Module):
    """Norm, product, activation, product; half of it, which the last weights hold (exact: a power of two)."""

    def __init__(self, blueprint: Blueprint, prefix: str) -> None:
        super().__init__()
        architecture, weights, dtype = blueprint.architecture, blueprint.weights, blueprint.dtype
        width, inner = architecture.dim, architecture.feed_forward_dim
        self.dtype, self.activation = dtype, activation(architecture.activation)
        self.norm = LayerNorm(weights, prefix + "_layer_norm", width)
        name = prefix + ".intermediate_dense."
        self.widen = linear(weights(name + "weight", inner, width), weights(name + "bias", inner), dtype)
        name = prefix + ".output_dense."
        halved = (0.5 * weights(name + "weight", width, inner), 0.5 * weights(name + "bias", width))
        self.narrow = linear(*halved, dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)``."""
        return self.narrow(self.activation(self.widen(self.norm(x).to(self.dtype)))).float()


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
        self.queries_and_keys = linear(*both, dtype)
        self.values = linear(*named("linear_v"), dtype)
        self.out = linear(*named("linear_out"), dtype)

    def forward(self, x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)``."""
        batch, time, width = x.shape
        normed = self.norm(x)
        rotated = rotate(normed, cosine, sine, self.heads).to(self.dtype)
        query, key = self.queries_and_keys(rotated).view(batch, time, 2, self.heads, -1).unbind(2)
        value = self.values(normed.to(self.dtype)).view(batch, time, self.heads, -1)
        heard = F.scaled_dot_product_attention(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
        return self.out(heard.transpose(1, 2).reshape(batch, time, width)).float()


class Convolution(nn.Module):
    """Norm, gated product, depthwise convolution over time with its batch norm in it, activation, product."""

    def __init__(self, blueprint: Blueprint, prefix: str) -> None:
        super().__init__()
        architecture, weights, dtype = blueprint.architecture, blueprint.weights, blueprint.dtype
        width, taps = architecture.dim, architecture.kernel_size
        self.dtype, self.activation = dtype, activation(architecture.activation)
        self.norm = LayerNorm(weights, prefix + "layer_norm", width)
        gated = weights(prefix + "pointwise_conv1.weight", 2 * width, width, 1).squeeze(2)
        self.gated = linear(gated, None, dtype)
        weight = weights(prefix + "depthwise_conv.weight", width, 1, taps)
        scale, shift = _batch_norm(weights, prefix + "batch_norm", width)
        # in two dimensions, because only then channels may come last in memory, as the products have them
        self.depthwise = nn.utils.skip_init(
            nn.Conv2d, width, width, (1, taps), padding=(0, taps // 2), groups=width
        )
        _set(self.depthwise, (weight * scale[:, None, None])[:, :, None], shift, dtype)
        self.mix = linear(weights(prefix + "pointwise_conv2.weight", width, width, 1).squeeze(2), None, dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)``."""
        y = F.glu(self.gated(self.norm(x).to(self.dtype)), dim=-1)
        y = self.depthwise(y.transpose(1, 2)[:, :, None])[:, :, 0].transpose(1, 2)
        return self.mix(self.activation(y)).float()


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
    """Turn the halves of every head of ``(batch, time, dim)`` by the angle of its time step."""
    batch, time, width = x.shape
    first, second = x.view(batch, time, heads, -1).chunk(2, dim=-1)
    turned = torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
    return turned.view(batch, time, width)


def activation(name: str) -> nn.Module:
    """The activation of that name in the published configuration: ``swish`` and ``silu`` are the same."""
    return nn.GELU() if name == "gelu" else nn.SiLU(inplace=True)


def linear(weight: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype) -> nn.Linear:
    """A linear layer that holds these weights."""
    made = nn.utils.skip_init(nn.Linear, weight.shape[1], weight.shape[0], bias=bias is not None)
    _set(made, weight, bias, dtype)
    return made


def _set(module: nn.Module, weight: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype) -> None:
    layout = torch.channels_last if weight.ndim == 4 else torch.contiguous_format
    module.weight = nn.Parameter(weight.to(dtype).contiguous(memory_format=layout), requires_grad=False)
    if bias is not None:
        module.bias = nn.Parameter(bias.to(dtype).contiguous(), requires_grad=False)


def conv(weight: torch.Tensor, bias: torch.Tensor, stride: tuple[int, int], dtype: torch.dtype) -> nn.Conv2d:
    """A 3x3 convolution with zeros around that holds these weights, channels-last."""
    outputs, inputs = weight.shape[:2]
    made = nn.utils.skip_init(nn.Conv2d, inputs, outputs, 3, stride=stride, padding=1)
    _set(made, weight, bias, dtype)
    return made


def _folded(
    weights: Weights, prefix: str, number: int, inputs: int, outputs: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of a convolution with its batch norm in it."""
    name = f"{prefix}conv{number}."
    weight, bias = weights(name + "weight", outputs, inputs, 3, 3), weights(name + "bias", outputs)
    scale, shift = _batch_norm(weights, f"{prefix}bn{number}", outputs)
    return weight * scale[:, None, None, None], bias * scale + shift


def _batch_norm(weights: Weights, prefix: str, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch norm in evaluation as scale and shift; computed in float64."""
    weight, bias = weights(prefix + ".weight", width).double(), weights(prefix + ".bias", width).double()
    mean, variance = (weights(f"{prefix}.running_{of}", width).double() for of in ("mean", "var"))
    scale = weight / torch.sqrt(variance + 1e-5)
    return scale.float(), (bias - mean * scale).float()
