"""MuQ's architecture, read from the encoder's published ``config.json``.

Source: MuQ, arXiv 2501.01108; the file is that of ``OpenMuQ/MuQ-large-msd-iter``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from degrade_bench.errors import MetricError

TIME_STRIDES = {4: (2, 2), 2: (2, 1)}
"""Time strides of the two blocks of the front end, by mel frames per output frame."""


@dataclass(frozen=True)
class Architecture:
    """What the encoder is made of.

    Attributes:
        hop_length: samples at 24 kHz from one mel frame to the next.
        n_mels: mel bands.
        mel_mean: mean of the mel spectrogram in dB over the training set.
        mel_std: its standard deviation.
        conv_dim: channels of the convolutional front end.
        dim: width of the conformer, and of a frame of features.
        depth: conformer layers.
        heads: attention heads.
        feed_forward_dim: width inside the feed-forward modules.
        kernel_size: taps of the depthwise convolutions.
        activation: inside the conformer: ``swish`` (or ``silu``, its other name) or ``gelu``.
        norm_eps: epsilon of the last layer norm.
        time_strides: of the two front-end blocks.
    """

    hop_length: int
    n_mels: int
    mel_mean: float
    mel_std: float
    conv_dim: int
    dim: int
    depth: int
    heads: int
    feed_forward_dim: int
    kernel_size: int
    activation: str
    norm_eps: float
    time_strides: tuple[int, int]

    @property
    def exact_layers_of_mixed(self) -> int:
        """How many layers the type ``mixed`` leaves in float32: the first half.

        What is rounded there passes through all that follows, and costs most of the agreement.
        """
        return self.depth // 2

    @classmethod
    def from_config(cls, config: Mapping[str, Any], path: object) -> Architecture:
        """Read it from the contents of ``config.json``; ``path`` is for messages.

        Raises:
            MetricError: a value is missing, or names an architecture that this encoder does not have.
        """
        try:
            conformer, stat = config["w2v2_config"], config["stat"]
            supported = {
                "position_embeddings_type": (conformer["position_embeddings_type"], ("rotary",)),
                "hidden_act": (conformer["hidden_act"], ("swish", "silu", "gelu")),
                "is_flash": (config.get("is_flash", False), (False,)),
                "label_rate": (100 // config.get("label_rate", 25), tuple(TIME_STRIDES)),
            }
            for name, (value, allowed) in supported.items():
                if value not in allowed:
                    raise MetricError(
                        f"muq-eval: {path}: {name} {value!r} is not supported, expected {allowed[0]!r}"
                    )
            made = cls(
                hop_length=int(config.get("hop_length", 240)),
                n_mels=int(config.get("n_mels", 128)),
                mel_mean=float(stat["melspec_2048_mean"]),
                mel_std=float(stat["melspec_2048_std"]),
                conv_dim=int(config.get("conv_dim", 512)),
                dim=int(config.get("encoder_dim", 1024)),
                depth=int(config.get("encoder_depth", 12)),
                heads=int(conformer["num_attention_heads"]),
                feed_forward_dim=int(conformer["intermediate_size"]),
                kernel_size=int(conformer["conv_depthwise_kernel_size"]),
                activation=str(conformer["hidden_act"]),
                norm_eps=float(conformer["layer_norm_eps"]),
                time_strides=TIME_STRIDES[100 // int(config.get("label_rate", 25))],
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise MetricError(f"muq-eval: {path} does not describe a MuQ encoder: {error!r}") from error
        if made.dim % made.heads or made.kernel_size % 2 == 0:
            raise MetricError(
                f"muq-eval: {path} does not describe a MuQ encoder: width {made.dim} on {made.heads} heads, "
                f"kernels of {made.kernel_size}"
            )
        return made

    def flops(self, samples: int) -> int:
        """Floating-point operations of one forward pass over ``samples``: products and sums, no projection."""
        frames = samples // self.hop_length
        bands, total, channels = self.n_mels, 0, 1
        for stride in self.time_strides:
            bands, frames = bands // 2, -(-frames // stride)
            taps = 2 * channels + self.conv_dim  # two convolutions from the input, one over their output
            total += 2 * bands * frames * 9 * taps * self.conv_dim
            channels = self.conv_dim
        total += 2 * frames * self.conv_dim * bands * self.dim
        layer = (
            4 * self.dim * self.feed_forward_dim + 4 * self.dim**2 + 3 * self.dim**2 + self.kernel_size * self.dim
        )
        layer += 2 * frames * self.dim  # attention: scores and weighted values
        return total + 2 * frames * layer * self.depth


N_FFT = 2048
"""Samples of a frame of the mel spectrogram."""
