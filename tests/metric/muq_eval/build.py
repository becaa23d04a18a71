"""Checkpoints with random weights, in exactly the formats that MuQ-Eval A1, A3a and MuQ are published in.

``model_state_dict.pt`` holds plain tensors under the published keys; ``config.json`` is laid out as
``OpenMuQ/MuQ-large-msd-iter``'s. ``SMALL`` is for tests, ``FULL`` has the published sizes. The reference scores are
written out here from the contract, on ``muq``'s and peft's own forward, apart from the package's code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchaudio
from torch.nn import functional as F

LORA = {
    "r": 16,
    "alpha": 32,
    "dropout": 0.05,
    "bias": "none",
    "target_modules": ["linear_q", "linear_k", "linear_v", "linear_out"],
}
BINS = 20


@dataclass(frozen=True)
class Size:
    dim: int
    feed_forward: int
    depth: int
    heads: int
    conv_dim: int
    codebook: int


SMALL = Size(dim=48, feed_forward=96, depth=2, heads=4, conv_dim=32, codebook=64)
FULL = Size(dim=1024, feed_forward=4096, depth=12, heads=16, conv_dim=512, codebook=4096)


def encoder_config(size: Size = SMALL, hidden_act: str = "swish") -> dict[str, Any]:
    from transformers import Wav2Vec2ConformerConfig

    conformer = Wav2Vec2ConformerConfig(
        hidden_size=size.dim,
        intermediate_size=size.feed_forward,
        num_hidden_layers=24,  # as published: muq puts encoder_depth in its place
        num_attention_heads=size.heads,
        position_embeddings_type="rotary",
        conv_depthwise_kernel_size=31,
        hidden_act=hidden_act,
    ).to_json_string(use_diff=False)
    return {
        "label_rate": 25,
        "num_codebooks": 1,
        "codebook_dim": 16,
        "codebook_size": size.codebook,
        "features": ["melspec_2048"],
        "hop_length": 240,
        "n_mels": 128,
        "conv_dim": size.conv_dim,
        "encoder_dim": size.dim,
        "encoder_depth": size.depth,
        "mask_hop": 0.4,
        "mask_prob": 0.6,
        "is_flash": False,
        "stat": {"melspec_2048_mean": 6.768444971712967, "melspec_2048_std": 18.417922652295623},
        "w2v2_config": json.loads(conformer),
    }


def muq(config: dict[str, Any]) -> torch.nn.Module:
    from muq import MuQ
    from muq.muq.muq import MuQConfig

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return MuQ(MuQConfig(**config))


def adapted(model: torch.nn.Module) -> torch.nn.Module:
    """The encoder with peft's adapters, as A3a's authors make it."""
    from peft import LoraConfig, get_peft_model

    settings = {("lora_" + key if key in ("alpha", "dropout") else key): value for key, value in LORA.items()}
    with torch.random.fork_rng(devices=[]):
        return get_peft_model(model, LoraConfig(**settings))


def state_dict(config: dict[str, Any], variant: str = "a1", seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights under the published keys."""
    generator = torch.Generator().manual_seed(seed)
    dim = config["encoder_dim"]

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    encoder = muq(config)
    if variant == "a3a":
        encoder = adapted(encoder)
    state: dict[str, torch.Tensor] = {}
    for key, value in encoder.state_dict().items():
        if "lora_" in key:
            value = random(*value.shape) / value.shape[1] ** 0.5
        elif value.is_floating_point() and value.ndim and "preprocessor" not in key and "inv_freq" not in key:
            noise = torch.randn(value.shape, generator=generator)
            scale = 0.1 * (float(value.std()) if value.numel() > 1 and float(value.std()) > 0 else 0.1)
            value = value + scale * (noise.abs() if key.endswith("running_var") else noise)
        state[f"encoder.encoder.{key}"] = value.clone()
    state["encoder.pooling.attention.0.weight"] = random(128, dim) * 2 / dim**0.5
    state["encoder.pooling.attention.0.bias"] = random(128) * 0.1
    state["encoder.pooling.attention.2.weight"] = random(1, 128) * 0.5
    state["encoder.pooling.attention.2.bias"] = random(1)
    outputs = BINS if variant == "a3a" else 1
    for head in ("MI", "TA"):
        state[f"heads.{head}.mlp.0.weight"] = random(256, dim) * 2 / dim**0.5
        state[f"heads.{head}.mlp.0.bias"] = random(256) * 0.1
        state[f"heads.{head}.mlp.3.weight"] = random(outputs, 256) * 0.2
        state[f"heads.{head}.mlp.3.bias"] = random(outputs) + 3.0
        if variant == "a3a":
            state[f"heads.{head}.bin_centers"] = torch.linspace(1.0, 5.0, BINS)
    return state


def build_checkpoint(
    folder: Path, variant: str = "a1", size: Size = SMALL, hidden_act: str = "swish"
) -> tuple[Path, Path]:
    """Write both folders; give the checkpoint's and the encoder's."""
    checkpoint, encoder = folder / "checkpoint", folder / "encoder"
    checkpoint.mkdir(parents=True)
    encoder.mkdir()
    config = encoder_config(size, hidden_act)
    (encoder / "config.json").write_text(json.dumps(config))
    torch.save(state_dict(config, variant), checkpoint / "model_state_dict.pt")
    if variant == "a3a":
        # the authors' loader lays config.yaml over base.yaml
        (checkpoint / "base.yaml").write_text("model:\n  lora:\n    r: 8\n    alpha: 16\n    dropout: 0.1\n")
        (checkpoint / "config.yaml").write_text(
            f"model:\n  lora: {json.dumps(LORA)}\nloss:\n  ordinal_bins: {BINS}\n"
        )
    return checkpoint, encoder


class Reference:
    """MuQ-Eval's score, step by step from its contract, on ``muq``'s own forward, adapted by peft for A3a."""

    def __init__(self, checkpoint: Path, encoder: Path) -> None:
        self.state = torch.load(checkpoint / "model_state_dict.pt", weights_only=True)
        model = muq(json.loads((encoder / "config.json").read_text()))
        if any("lora_" in key for key in self.state):
            model = adapted(model)
        prefix = "encoder.encoder."
        encoder_state = {key[len(prefix) :]: value for key, value in self.state.items() if key.startswith(prefix)}
        model.load_state_dict(encoder_state, strict=True)
        self.encoder = model.eval()

    def audio(self, samples: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """``(channels, time)`` to ``(1, 240000)``."""
        audio = samples.mean(dim=0, keepdim=True)
        if sample_rate != 24000:
            audio = torchaudio.functional.resample(audio, sample_rate, 24000)
        if audio.shape[1] > 240000:
            first = (audio.shape[1] - 240000) // 2
            return audio[:, first : first + 240000]
        return torch.cat([audio, torch.zeros(1, 240000 - audio.shape[1])], dim=1)

    def frames(self, samples: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """``(channels, time)`` to ``(time, dim)``."""
        with torch.no_grad():
            return self.encoder(self.audio(samples, sample_rate)).last_hidden_state[0]

    def score_of(self, frames: torch.Tensor) -> float:
        """The score of ``(time, dim)``."""
        with torch.no_grad():
            attention = torch.tanh(F.linear(frames, *self._layer("encoder.pooling.attention.0")))
            attention = F.linear(attention, *self._layer("encoder.pooling.attention.2"))
            weights = attention.exp() / attention.exp().sum(dim=0)
            pooled = (weights * frames).sum(dim=0)
            hidden = F.gelu(F.linear(pooled, *self._layer("heads.MI.mlp.0")))
            out = F.linear(hidden, *self._layer("heads.MI.mlp.3"))
            if len(out) == 1:
                return float(out)
            probabilities = (out - out.max()).exp() / (out - out.max()).exp().sum()
            return sum(float(p) * (1 + 4 * index / (len(out) - 1)) for index, p in enumerate(probabilities))

    def score(self, samples: torch.Tensor, sample_rate: int) -> float:
        """The score of ``(channels, time)``."""
        return self.score_of(self.frames(samples, sample_rate))

    def _layer(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self.state[f"{name}.weight"], self.state[f"{name}.bias"]


def reference_score(samples: torch.Tensor, sample_rate: int, checkpoint: Path, encoder: Path) -> float:
    """The score of ``(channels, time)`` by a reference that is read for the purpose."""
    return Reference(checkpoint, encoder).score(samples, sample_rate)
