"""A small checkpoint with random weights, in exactly the formats that MuQ-Eval A1 and MuQ are published in.

``model_state_dict.pt`` holds plain tensors under the published keys; ``config.json`` is laid out as
``OpenMuQ/MuQ-large-msd-iter``'s, only smaller. The reference score is written out here from the contract, apart
from the package's own code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import torchaudio
from torch.nn import functional as F

DIM = 48


def encoder_config() -> dict[str, Any]:
    from transformers import Wav2Vec2ConformerConfig

    conformer = Wav2Vec2ConformerConfig(
        hidden_size=DIM,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        position_embeddings_type="rotary",
        conv_depthwise_kernel_size=31,
        hidden_act="swish",
    ).to_json_string(use_diff=False)
    return {
        "label_rate": 25,
        "num_codebooks": 1,
        "codebook_dim": 16,
        "codebook_size": 64,
        "features": ["melspec_2048"],
        "hop_length": 240,
        "n_mels": 128,
        "conv_dim": 32,
        "encoder_dim": DIM,
        "encoder_depth": 2,
        "mask_hop": 0.4,
        "mask_prob": 0.6,
        "is_flash": False,
        "stat": {"melspec_2048_mean": 6.768444971712967, "melspec_2048_std": 18.417922652295623},
        "w2v2_config": json.loads(conformer),
    }


def muq(config: dict[str, Any]) -> torch.nn.Module:
    from muq import MuQ
    from muq.muq.muq import MuQConfig

    return MuQ(MuQConfig(**config))


def state_dict(config: dict[str, Any], seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights under the published keys."""
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    state: dict[str, torch.Tensor] = {}
    for key, value in muq(config).state_dict().items():
        if value.is_floating_point() and value.ndim and "preprocessor" not in key:
            noise = torch.randn(value.shape, generator=generator)
            scale = 0.1 * (float(value.std()) if value.numel() > 1 and float(value.std()) > 0 else 0.1)
            value = value + scale * (noise.abs() if key.endswith("running_var") else noise)
        state[f"encoder.encoder.{key}"] = value.clone()
    state["encoder.pooling.attention.0.weight"] = random(128, DIM) * 0.3
    state["encoder.pooling.attention.0.bias"] = random(128) * 0.1
    state["encoder.pooling.attention.2.weight"] = random(1, 128) * 0.5
    state["encoder.pooling.attention.2.bias"] = random(1)
    for head in ("MI", "TA"):
        state[f"heads.{head}.mlp.0.weight"] = random(256, DIM) * 0.3
        state[f"heads.{head}.mlp.0.bias"] = random(256) * 0.1
        state[f"heads.{head}.mlp.3.weight"] = random(1, 256) * 0.2
        state[f"heads.{head}.mlp.3.bias"] = random(1) + 3.0
    return state


def build_checkpoint(folder: Path) -> tuple[Path, Path]:
    """Write both folders; give the checkpoint's and the encoder's."""
    checkpoint, encoder = folder / "checkpoint", folder / "encoder"
    checkpoint.mkdir()
    encoder.mkdir()
    config = encoder_config()
    (encoder / "config.json").write_text(json.dumps(config))
    torch.save(state_dict(config), checkpoint / "model_state_dict.pt")
    return checkpoint, encoder


def reference_score(samples: torch.Tensor, sample_rate: int, checkpoint: Path, encoder: Path) -> float:
    """MuQ-Eval A1's score of ``(channels, time)``, step by step from its contract, on ``muq``'s own forward."""
    state = torch.load(checkpoint / "model_state_dict.pt", weights_only=True)
    model = muq(json.loads((encoder / "config.json").read_text()))
    prefix = "encoder.encoder."
    model.load_state_dict({key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)})
    model.eval()
    audio = samples.mean(dim=0, keepdim=True)
    if sample_rate != 24000:
        audio = torchaudio.functional.resample(audio, sample_rate, 24000)
    if audio.shape[1] > 240000:
        first = (audio.shape[1] - 240000) // 2
        audio = audio[:, first : first + 240000]
    else:
        audio = torch.cat([audio, torch.zeros(1, 240000 - audio.shape[1])], dim=1)
    with torch.no_grad():
        frames = model(audio).last_hidden_state[0]
        attention = torch.tanh(F.linear(frames, *_layer(state, "encoder.pooling.attention.0")))
        attention = F.linear(attention, *_layer(state, "encoder.pooling.attention.2"))
        weights = attention.exp() / attention.exp().sum(dim=0)
        pooled = (weights * frames).sum(dim=0)
        hidden = F.gelu(F.linear(pooled, *_layer(state, "heads.MI.mlp.0")))
        return float(F.linear(hidden, *_layer(state, "heads.MI.mlp.3")))


def _layer(state: dict[str, torch.Tensor], name: str) -> tuple[torch.Tensor, torch.Tensor]:
    return state[f"{name}.weight"], state[f"{name}.bias"]
