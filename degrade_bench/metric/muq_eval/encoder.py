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

import torch
from torch import nn

from degrade_bench._support.precision import multiplying
from degrade_bench.metric.muq_eval.architecture import N_FFT, Architecture
from degrade_bench.metric.muq_eval.conformer import Conformer, LayerNorm, Rotary
from degrade_bench.metric.muq_eval.layers import Blueprint, conv, folded_conv
from degrade_bench.metric.muq_eval.winograd import winograd_conv


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
            [
                Conformer(blueprint.at_layer(index), f"conformer.layers.{index}.")
                for index in range(architecture.depth)
            ]
        )
        self.last_norm = LayerNorm(weights, "conformer.layer_norm", architecture.dim, architecture.norm_eps)
        self.tf32 = blueprint.tf32

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """``(batch, samples)`` at 24 kHz, float32, to ``(batch, time, dim)``, float32."""
        output: torch.Tensor = self.last_norm(self.hidden(audio))
        return output

    def hidden(self, audio: torch.Tensor) -> torch.Tensor:
        """What the conformer gives before the last norm, of the same shape."""
        mel = self.spectrogram(audio)
        with multiplying(self.tf32):
            frames: torch.Tensor = self.front(mel)
            cosine, sine = self.positions.tables(frames.shape[1])
            for layer in self.layers:
                frames = layer(frames, cosine, sine)
        return frames


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
        # cuDNN has no fast fused convolution for exact float32
        fused = blueprint.fused and (blueprint.tf32 or blueprint.dtype is torch.bfloat16)
        block = WinogradBlock if not blueprint.on_gpu else FusedBlock if fused else ResidualBlock
        self.blocks = nn.ModuleList(
            [
                block(blueprint, f"conv.conv.{index}.", 1 if index == 0 else channels, stride)
                for index, stride in enumerate(architecture.time_strides)
            ]
        )
        bands = architecture.n_mels // 4
        weight = weights("conv.linear.weight", width, channels * bands).view(width, channels, bands)
        # published order is channels before bands; channels-last memory has bands before channels
        weight = weight.transpose(1, 2).reshape(width, bands * channels)
        self.projection = blueprint.linear(weight, weights("conv.linear.bias", width), self.dtype)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """``(batch, 1, bands, frames)`` to ``(batch, time, dim)``, float32."""
        x = mel.to(self.dtype, memory_format=torch.channels_last)
        for block in self.blocks:
            x = block(x)
        output: torch.Tensor = self.projection(x.permute(0, 3, 2, 1).flatten(2)).float()
        return output


class ResidualBlock(nn.Module):
    """Two convolutions beside a third, batch norms folded in; halves the bands and, by ``stride``, the frames.

    :class:`FusedBlock` is the same in the types in which a GPU has a faster way, :class:`WinogradBlock` for CPUs.
    """

    def __init__(self, blueprint: Blueprint, prefix: str, inputs: int, stride: int) -> None:
        super().__init__()
        dtype, outputs = blueprint.dtype, blueprint.architecture.conv_dim
        self.first = conv(*folded_conv(blueprint.weights, prefix, 1, inputs, outputs), (2, stride), dtype)
        self.second = conv(*folded_conv(blueprint.weights, prefix, 2, outputs, outputs), (1, 1), dtype)
        self.beside = conv(*folded_conv(blueprint.weights, prefix, 3, inputs, outputs), (2, stride), dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, channels, bands, frames)``."""
        y = self.second(self.first(x).relu_())
        output: torch.Tensor = y.add_(self.beside(x)).relu_()
        return output


class WinogradBlock(nn.Module):
    """A :class:`ResidualBlock` by Winograd's convolutions; in float32, those with a stride too, both as one.

    Of a single channel these have too few products to gain, and in bfloat16 they would lose digits.
    """

    def __init__(self, blueprint: Blueprint, prefix: str, inputs: int, stride: int) -> None:
        super().__init__()
        dtype, outputs = blueprint.dtype, blueprint.architecture.conv_dim
        first = folded_conv(blueprint.weights, prefix, 1, inputs, outputs)
        beside = folded_conv(blueprint.weights, prefix, 3, inputs, outputs)
        self.strided: nn.Module
        if inputs > 1 and dtype is torch.float32:
            weight, bias = (torch.cat(pair) for pair in zip(first, beside, strict=True))
            self.strided = winograd_conv(weight, bias, (2, stride), dtype)
        else:
            self.strided = nn.ModuleList([conv(*layer, (2, stride), dtype) for layer in (first, beside)])
        self.second = winograd_conv(*folded_conv(blueprint.weights, prefix, 2, outputs, outputs), (1, 1), dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, channels, bands, frames)``."""
        if isinstance(self.strided, nn.ModuleList):
            first, beside = (layer(x) for layer in self.strided)
        else:
            first, beside = self.strided(x).chunk(2, dim=1)
        output: torch.Tensor = self.second(first.relu_()).add_(beside).relu_()
        return output


class FusedBlock(nn.Module):
    """A :class:`ResidualBlock` whose biases, sum and activation are applied where cuDNN writes what it convolved.

    Apart, they cost as much again as a third of the convolutions: each reads and writes all channels once more. The
    bias of the convolution beside the other two is added with theirs.
    """

    def __init__(self, blueprint: Blueprint, prefix: str, inputs: int, stride: int) -> None:
        super().__init__()
        dtype, outputs = blueprint.dtype, blueprint.architecture.conv_dim
        second, bias = folded_conv(blueprint.weights, prefix, 2, outputs, outputs)
        beside, bias_beside = folded_conv(blueprint.weights, prefix, 3, inputs, outputs)
        self.first = conv(*folded_conv(blueprint.weights, prefix, 1, inputs, outputs), (2, stride), dtype)
        self.second = conv(second, bias + bias_beside, (1, 1), dtype)
        self.beside = conv(beside, None, (2, stride), dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, channels, bands, frames)``, on a GPU."""
        first, second = self.first, self.second
        y = torch.cudnn_convolution_relu(x, first.weight, first.bias, first.stride, (1, 1), (1, 1), 1)
        beside = self.beside(x)
        return torch.cudnn_convolution_add_relu(
            y, second.weight, beside, 1.0, second.bias, (1, 1), (1, 1), (1, 1), 1
        )
