"""Small checkpoints with random weights, in the formats in which the models are published."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from torch import nn

CLAP_AUDIO = {
    "depths": [1, 2, 1, 1],
    "num_attention_heads": [1, 1, 2, 1],
    "patch_embeds_hidden_size": 8,
    "hidden_size": 64,
    "projection_dim": 12,
}
MERT = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": [8] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "sample_rate": 24000,
    "feature_extractor_cqt": False,
    "deepnorm": False,
    "attention_relax": -1.0,
    "auto_map": {"AutoModel": "modeling_MERT.MERTModel"},
}


def scattered(network: nn.Module) -> nn.Module:
    """Its weights moved at random, so that no norm is the identity and no bias 0."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                noise = torch.randn(value.shape, generator=generator)
                value += 0.3 * (noise.abs() if name.endswith("running_var") else noise)
    return network.eval()


def clap_network() -> nn.Module:
    from transformers import ClapAudioConfig, ClapAudioModelWithProjection

    with torch.random.fork_rng(devices=[]):
        return scattered(ClapAudioModelWithProjection(ClapAudioConfig(**CLAP_AUDIO)))


def clap_in_transformers_format(folder: Path, network: nn.Module) -> Path:
    """As ``ClapModel.save_pretrained`` lays it out, with a weight of the text's part."""
    from safetensors.torch import save_file

    state = {**network.state_dict(), "text_model.pooler.bias": torch.ones(3), "logit_scale_a": torch.ones(())}
    return _folder(
        folder,
        {name: value.clone() for name, value in state.items()},
        save_file,
        "model.safetensors",
        {
            "config.json": {"model_type": "clap", "audio_config": CLAP_AUDIO, "projection_dim": 12},
            "preprocessor_config.json": {"truncation": "rand_trunc", "frequency_min": 50, "sampling_rate": 48000},
        },
    )


LAIONS = (
    (r"audio_model\.audio_encoder\.batch_norm\.", "audio_branch.bn0."),
    (r"audio_model\.audio_encoder\.", "audio_branch."),
    (r"layernorm_before", "norm1"),
    (r"layernorm_after", "norm2"),
    (r"intermediate\.dense", "mlp.fc1"),
    (r"attention\.output\.dense", "attn.proj"),
    (r"(blocks\.\d+)\.output\.dense", r"\1.mlp.fc2"),
    (r"attention\.self\.", "attn."),
    (r"audio_projection\.linear1", "audio_projection.0"),
    (r"audio_projection\.linear2", "audio_projection.2"),
)


def clap_in_laions_format(folder: Path, network: nn.Module) -> Path:
    """As LAION's trainer writes it: within ``module``, queries, keys and values in one, and what is not heard."""
    import numpy as np

    state: dict[str, torch.Tensor] = {}
    for name, value in network.state_dict().items():
        for ours, theirs in LAIONS:
            name = re.sub(ours, theirs, name)
        if re.search(r"attn\.(query|key|value)\.", name):
            joint = re.sub("query|key|value", "qkv", name)
            state[joint] = torch.cat([state[joint], value]) if joint in state else value
        else:
            state[name] = value
    state |= {
        "audio_branch.head.weight": torch.ones(2),
        "audio_branch.spectrogram_extractor.stft.conv_real.weight": torch.ones(2),
        "audio_branch.layers.0.blocks.1.attn_mask": torch.ones(2),
        "text_branch.pooler.dense.bias": torch.ones(2),
        "text_transform.sequential.0.weight": torch.ones(2),
        "logit_scale_t": torch.ones(()),
    }
    checkpoint = {
        "epoch": 15,
        "name": "music",
        "state_dict": {f"module.{name}": value for name, value in state.items()},
        "best": np.float64(0.9014),
    }
    return _folder(folder, checkpoint, torch.save, "music_audioset_epoch_15_esc_90.14.pt", {})


def hubert() -> nn.Module:
    from transformers import HubertConfig, HubertModel

    settings = {name: value for name, value in MERT.items() if name not in ("auto_map", "sample_rate")}
    with torch.random.fork_rng(devices=[]):
        return scattered(HubertModel(HubertConfig(**settings)))


def mert_as_published(folder: Path, network: nn.Module, config: dict[str, Any] | None = None) -> Path:
    """As ``m-a-p/MERT-v1-95M``: a pickle of tensors, a normalised weight's parts under torch's older names."""
    older = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    state = {}
    for name, value in network.state_dict().items():
        for new, old in older.items():
            name = name.replace(new, old)
        state[name] = value
    beside = {
        "config.json": {"model_type": "mert_model", **MERT, **(config or {})},
        "preprocessor_config.json": {"do_normalize": True, "sampling_rate": 24000},
    }
    return _folder(folder, state, torch.save, "pytorch_model.bin", beside)


def _folder(folder: Path, state: Any, save: Any, weights: str, beside: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    save(state, folder / weights)
    for name, content in beside.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


SONGEVAL_DIM, SONGEVAL_INNER, SONGEVAL_LAYERS = 48, 40, 2


def songeval_head(folder: Path) -> Path:
    """As ``ckpt/model.safetensors`` of SongEval's repository, with fewer layers and a smaller width."""
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(0)
    dim, inner = SONGEVAL_DIM, SONGEVAL_INNER
    shapes = {"ffd.0": (inner, dim), "ffd.2": (dim, inner), "fc": (5, 2 * dim)}
    shapes |= {f"attn.{layer}.out_proj": (dim, dim) for layer in range(SONGEVAL_LAYERS)}
    state = {}
    for name, shape in shapes.items():
        state[f"{name}.weight"] = torch.randn(shape, generator=generator) / shape[1] ** 0.5
        state[f"{name}.bias"] = 0.1 * torch.randn(shape[0], generator=generator)
    for layer in range(SONGEVAL_LAYERS):
        state[f"attn.{layer}.in_proj_weight"] = torch.randn(3 * dim, dim, generator=generator) / dim**0.5
        state[f"attn.{layer}.in_proj_bias"] = 0.1 * torch.randn(3 * dim, generator=generator)
    return _folder(folder, state, save_file, "model.safetensors", {})


def songeval_marks(head: dict[str, torch.Tensor], frames: torch.Tensor) -> torch.Tensor:
    """What SongEval's ``model.py`` makes of ``(time, dim)``, written out, in float64."""
    head = {name: value.double() for name, value in head.items()}

    def linear(name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ head[f"{name}.weight"].T + head[f"{name}.bias"]

    before = linear("ffd.2", linear("ffd.0", frames.double()).clamp(min=0))
    after = before
    for layer in range(SONGEVAL_LAYERS):
        joint = after @ head[f"attn.{layer}.in_proj_weight"].T + head[f"attn.{layer}.in_proj_bias"]
        q, k, v = (part.reshape(len(after), 8, -1).transpose(0, 1) for part in joint.chunk(3, dim=1))
        weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[2] ** 0.5, dim=2)
        after = linear(f"attn.{layer}.out_proj", (weights @ v).transpose(0, 1).flatten(1))
    return 3 + 2 * torch.tanh(linear("fc", torch.cat([after.mean(dim=0), before.amax(dim=0)])))
