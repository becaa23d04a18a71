"""musicnn's network in torch, from the numbers of its authors' checkpoints.

The front end convolves the spectrogram with filters that span many bands and few frames (timbre), and with filters
that span many frames and one band (time), and takes the maximum over frequency. Three convolutions over time
follow, two of them with a residual connection. Maximum and mean over time of all these go through a dense layer,
whose output is the embedding, to 50 tags.

Source: Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", 2019 (arXiv
1909.06654); ``models.py`` of the package ``musicnn`` 0.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from degrade_bench._support.precision import multiplying

EPSILON = 1e-3
"""What TensorFlow's batch normalisation adds to a variance."""

TIMBRAL = ("timbral_38", "timbral_67")
"""Seven frames long, and 38 or 67 bands high."""
TEMPORAL = ("temporal_128", "temporal_64", "temporal_32")
"""One band high, and so many frames long."""
MIDDLE = ("middle_1", "middle_2", "middle_3")

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Layers:
    """What the network makes of patches, under the names that musicnn gives its layers; float32.

    Attributes:
        timbral: ``(patches, 187, 408)``.
        temporal: ``(patches, 187, 153)``.
        cnn1: ``(patches, 187, 64)``.
        cnn2: likewise, with what went in added.
        cnn3: likewise.
        mean_pool: ``(patches, 753)``: of the five above, over time.
        max_pool: likewise.
        penultimate: ``(patches, 200)``.
        tags: ``(patches, 50)``: their likelihoods, in the order of musicnn's lists.
    """

    timbral: torch.Tensor
    temporal: torch.Tensor
    cnn1: torch.Tensor
    cnn2: torch.Tensor
    cnn3: torch.Tensor
    mean_pool: torch.Tensor
    max_pool: torch.Tensor
    penultimate: torch.Tensor
    tags: torch.Tensor


class Network:
    """The network on a device.

    Args:
        weights: as the checkpoint has them, under the names of ``scripts/musicnn_weights.py``.
        device: where it runs.
    """

    def __init__(self, weights: Weights, device: torch.device) -> None:
        on_device = {name: values.to(device) for name, values in weights.items()}
        self.device = device
        self._input = _Norm(on_device, "input")
        self._timbral = [_Convolution(on_device, name) for name in TIMBRAL]
        self._temporal = [_Convolution(on_device, name) for name in TEMPORAL]
        self._middle = [_Convolution(on_device, name) for name in MIDDLE]
        self._pooled = _Norm(on_device, "pooled")
        self._penultimate, self._penultimate_norm = (
            _Dense(on_device, "penultimate"),
            _Norm(on_device, "penultimate"),
        )
        self._tags = _Dense(on_device, "tags")

    def layers(self, patches: torch.Tensor) -> Layers:
        """What the network makes of patches on its device.

        Shape:
            patches: ``(patches, 187, 96)``, float32; any number of frames and patches will do.
        """
        exact = torch.autocast(self.device.type, enabled=False)  # whatever the caller has asked for
        with torch.inference_mode(), exact, multiplying(tf32=False):
            return self._layers(patches)

    def _layers(self, patches: torch.Tensor) -> Layers:
        heard = self._input(patches[..., None])[..., 0]
        timbral = torch.cat([convolve(heard) for convolve in self._timbral], dim=1)
        temporal = torch.cat([convolve(heard) for convolve in self._temporal], dim=1)
        front = torch.cat([timbral, temporal], dim=1)
        cnn1, cnn2, cnn3 = self._middle
        first = cnn1(front.transpose(1, 2))
        second = cnn2(first.transpose(1, 2)) + first
        third = cnn3(second.transpose(1, 2)) + second
        everything = torch.cat([front, first, second, third], dim=1)
        max_pool, mean_pool = everything.amax(dim=2), everything.mean(dim=2)
        pooled = self._pooled(torch.stack([max_pool, mean_pool], dim=2).flatten(1))
        penultimate = self._penultimate_norm(torch.relu(self._penultimate(pooled)))
        return Layers(
            timbral=timbral.transpose(1, 2),
            temporal=temporal.transpose(1, 2),
            cnn1=first.transpose(1, 2),
            cnn2=second.transpose(1, 2),
            cnn3=third.transpose(1, 2),
            mean_pool=mean_pool,
            max_pool=max_pool,
            penultimate=penultimate,
            tags=torch.sigmoid(self._tags(penultimate)),
        )


class _Norm:
    """Batch normalisation of the last axis, by what was measured in training."""

    def __init__(self, weights: Weights, name: str) -> None:
        deviation = torch.sqrt(weights[f"{name}.moving_variance"] + EPSILON)
        self.scale = weights[f"{name}.gamma"] / deviation
        self.shift = weights[f"{name}.beta"] - weights[f"{name}.moving_mean"] * self.scale

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        return values * self.scale + self.shift


class _Dense:
    def __init__(self, weights: Weights, name: str) -> None:
        self._kernel, self._bias = weights[f"{name}.kernel"].T.contiguous(), weights[f"{name}.bias"]

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(values, self._kernel, self._bias)


class _Convolution:
    """Filters over frames and bands, as many frames as there were; then rectified and normalised."""

    def __init__(self, weights: Weights, name: str) -> None:
        self._kernel = weights[f"{name}.kernel"].permute(3, 2, 0, 1).contiguous()  # there: frames, bands, in, out
        self._bias = weights[f"{name}.bias"]
        self._norm = _Norm(weights, name)
        frames = self._kernel.shape[2]
        before = (frames - 1) // 2  # TensorFlow's "same": an odd zero goes behind
        self._zeros = before, frames - 1 - before

    def __call__(self, heard: torch.Tensor) -> torch.Tensor:
        """``(patches, frames, bands)`` to ``(patches, out, frames)``: the maximum over where a filter fits."""
        padded = torch.nn.functional.pad(heard[:, None], (0, 0, *self._zeros))
        rectified = torch.relu(torch.nn.functional.conv2d(padded, self._kernel, self._bias))
        return (rectified * self._norm.scale[:, None, None] + self._norm.shift[:, None, None]).amax(dim=3)
