"""LAION's checkpoints in transformers' names: which weight is which, and what architecture they are of.

Source: the names of ``laion_clap`` 1.1.7's modules, and transformers' script
``convert_clap_original_pytorch_to_hf.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

THEIRS, OURS = "audio_branch.", "audio_model.audio_encoder."
UNUSED = re.compile(
    r"(text_branch|text_projection|text_transform|audio_transform)\..*|logit_scale_[at]"
    r"|audio_branch\.(spectrogram_extractor|logmel_extractor|head|tscam_conv)\..*|audio_branch\..*\.attn_mask"
)
"""The text's part, what makes the spectrogram, and what is left of the training on AudioSet's classes."""

PARTS = {
    ".norm1.": ".layernorm_before.",
    ".norm2.": ".layernorm_after.",
    ".mlp.fc1.": ".intermediate.dense.",
    ".mlp.fc2.": ".output.dense.",
    ".attn.proj.": ".attention.output.dense.",
    ".attn.relative_": ".attention.self.relative_",
    "_encoder.bn0.": "_encoder.batch_norm.",
    "audio_projection.0.": "audio_projection.linear1.",
    "audio_projection.2.": "audio_projection.linear2.",
}


def is_laions(state: Mapping[str, torch.Tensor]) -> bool:
    """Whether weights have the names of LAION's own modules."""
    return any(_plain(name).startswith(THEIRS) for name in state)


def renamed(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights of the audio's part in transformers' names; what is not known keeps its own."""
    weights: dict[str, torch.Tensor] = {}
    for full, value in state.items():
        name = _plain(full)
        if UNUSED.fullmatch(name):
            continue
        name = OURS + name[len(THEIRS) :] if name.startswith(THEIRS) else name
        for theirs, ours in PARTS.items():
            name = name.replace(theirs, ours)
        if ".attn.qkv." in name:  # one product there, three here
            for part, share in zip(("query", "key", "value"), value.chunk(3), strict=True):
                weights[name.replace(".attn.qkv.", f".attention.self.{part}.")] = share
        else:
            weights[name] = value
    return weights


def architecture(weights: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """The audio's configuration as its weights, in transformers' names, show it.

    Raises:
        KeyError: a weight is missing that shows it.
    """
    table = "attention.self.relative_position_bias_table"
    blocks = [match for name in weights if (match := re.search(rf"layers\.(\d+)\.blocks\.(\d+)\.{table}", name))]
    depths: dict[int, int] = {}
    for match in blocks:
        depths[int(match[1])] = max(depths.get(int(match[1]), 0), int(match[2]) + 1)
    heads = [weights[f"{OURS}layers.{layer}.blocks.0.{table}"].shape[1] for layer in sorted(depths)]
    return {
        "patch_embeds_hidden_size": weights[f"{OURS}patch_embed.proj.weight"].shape[0],
        "depths": [depths[layer] for layer in sorted(depths)],
        "num_attention_heads": heads,
        "hidden_size": weights["audio_projection.linear1.weight"].shape[1],
        "projection_dim": weights["audio_projection.linear1.weight"].shape[0],
    }


def _plain(name: str) -> str:
    return name.removeprefix("module.")
