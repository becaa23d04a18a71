"""The encoders that are compared, on one random checkpoint in the published formats and sizes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # the tests' checkpoint builder

from degrade_bench.metric.muq_eval.architecture import Architecture  # noqa: E402
from degrade_bench.metric.muq_eval.checkpoint import StrictWeights, read_encoder_config, read_state  # noqa: E402
from degrade_bench.metric.muq_eval.device import fuses  # noqa: E402
from degrade_bench.metric.muq_eval.encoder import Encoder  # noqa: E402
from degrade_bench.metric.muq_eval.layers import Blueprint  # noqa: E402
from degrade_bench.metric.muq_eval.packed import packing_pays  # noqa: E402
from degrade_bench.metric.muq_eval.reference import ReferenceEncoder  # noqa: E402
from tests.metric.muq_eval.build import FULL, build_checkpoint  # noqa: E402

MUQ, FLOAT32, MIXED, BFLOAT16 = "muq's own forward, float32", "fast, float32", "fast, mixed", "fast, bfloat16"
TF32 = "fast, tf32"
MIXED_FROM = {f"as mixed, from layer {layer} on": layer for layer in (4, 8)}
"""Other layers from which on the feed-forward parts could be bfloat16."""


@dataclass(frozen=True)
class Files:
    """A checkpoint on disk."""

    checkpoint: Path
    encoder: Path

    @property
    def architecture(self) -> Architecture:
        """The sizes that the encoder's configuration states."""
        path = self.encoder / "config.json"
        return Architecture.from_config(read_encoder_config(path), path)


def build(folder: Path) -> Files:
    """A random checkpoint of the published sizes."""
    return Files(*build_checkpoint(folder, size=FULL))


def load(which: str, files: Files, device: str = "cpu") -> Callable[[torch.Tensor], torch.Tensor]:
    """One of the encoders: ``(batch, samples)`` to ``(batch, time, dim)``.

    Args:
        which: ``MUQ``, ``FLOAT32``, ``TF32``, ``MIXED``, ``BFLOAT16`` or one of ``MIXED_FROM``.
        files: the checkpoint and the encoder's configuration.
        device: where it is to run.
    """
    path = files.checkpoint / "model_state_dict.pt"
    state = read_state(path)
    made: torch.nn.Module
    if which == MUQ:
        config = json.loads((files.encoder / "config.json").read_text())
        made = ReferenceEncoder(config, state, path)
    else:
        on = torch.device(device)
        made = Encoder(
            Blueprint(
                files.architecture,
                StrictWeights(state, path).encoder,
                dtype=torch.bfloat16 if which == BFLOAT16 else torch.float32,
                on_gpu=on.type == "cuda",
                tf32=which == TF32,
                fused=fuses(on),
                feed_forward=torch.bfloat16 if which in (MIXED, BFLOAT16, *MIXED_FROM) else torch.float32,
                exact_layers=exact_layers(which, files.architecture),
                packed=on.type == "cpu" and packing_pays(),
            )
        )
    return made.eval().to(device)


def exact_layers(which: str, architecture: Architecture) -> int:
    """How many layers of an encoder have float32 in their feed-forward parts, beside others that have bfloat16."""
    return MIXED_FROM.get(which, architecture.exact_layers_of_mixed if which == MIXED else 0)


def rounded(encoder: torch.nn.Module) -> torch.nn.Module:
    """An encoder of the type ``MIXED`` that multiplies in float32 what it has rounded to bfloat16.

    For processors without instructions for bfloat16. Its sums are rounded otherwise, and later roundings to
    bfloat16 enlarge that: it errs as much as the type does, and not by the same.
    """
    for layer in encoder.layers:
        for part in (layer.before, layer.after):
            if part.dtype is torch.float32:
                continue
            part.widen, part.narrow = _Rounding(part.widen), _Rounding(part.narrow)
    return encoder


class _Rounding(torch.nn.Module):
    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight.float(), layer.bias.float()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(x.float(), self.weight, self.bias).to(torch.bfloat16)
