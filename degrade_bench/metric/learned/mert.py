"""MERT: 75 vectors a second by a network that was trained to fill in masked music.

The published model asks for code of its repository to be run (``trust_remote_code``). None is run here: MERT-v1-95M
is HuBERT at another sample rate, and its weights fit transformers' own ``HubertModel`` one by one. What its code
can do beside that (a constant-Q transform beside the samples, DeepNorm, relaxed attention) is refused.

Source: Li et al., "MERT: acoustic music understanding model with large-scale self-supervised training", ICLR 2024
(arXiv 2306.00107); ``scripts/mert_hf/`` and ``scripts/MERT_demo_inference.py`` of https://github.com/yizhilll/MERT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip.conversion import mono_at
from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.embedding import StatedEmbedder, Statement
from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.learned.configs import read_config
from degrade_bench.metric.learned.networks import asking, making
from degrade_bench.metric.learned.places import Files, located, missing
from degrade_bench.metric.learned.repositories import MERT as REPOSITORY
from degrade_bench.metric.similarity import MeanSimilarity
from degrade_bench.metric.tensor_files import Fitted, read_tensors

SAMPLE_RATE = 24000
CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
REFUSED: Mapping[str, Any] = {
    "feature_extractor_cqt": False,
    "deepnorm": False,
    "attention_relax": -1.0,
    "conv_pos_batch_norm": False,
}
"""What HuBERT does not have, and the value that stands for its absence."""
TAKEN = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "feat_extract_norm",
    "feat_extract_activation",
    "feat_proj_layer_norm",
    "conv_dim",
    "conv_stride",
    "conv_kernel",
    "conv_bias",
    "num_conv_pos_embeddings",
    "num_conv_pos_embedding_groups",
    "do_stable_layer_norm",
    "layer_norm_eps",
)
"""What makes the architecture. Dropout and masking serve the training."""
POSITIONS = "encoder.pos_conv_embed.conv."
RENAMED = {
    f"{POSITIONS}weight_g": f"{POSITIONS}parametrizations.weight.original0",
    f"{POSITIONS}weight_v": f"{POSITIONS}parametrizations.weight.original1",
}
"""As torch called the parts of a normalised weight when MERT was published. transformers' own loading left them at
random for users of some versions (https://github.com/shansongliu/MU-LLaMA/issues/31)."""
UNUSED = ("masked_spec_embed", "feature_extractor_cqt.")
VARIANCE_FLOOR = 1e-7


@dataclass(frozen=True)
class MertEmbedder(StatedEmbedder):
    """The vectors of one layer of MERT, 75 a second.

    Attributes:
        weights: the file of the weights.
        config: ``config.json`` beside it.
        parts: hashes of the files, as pairs; what they hold decides what is made.
        layer: 0 for what goes into the first layer, and so on up to the last one.
        normalised: whether a signal is brought to mean 0 and variance 1 first.
        device: ``cpu`` or ``cuda:N``.
    """

    weights: Path = field(compare=False)
    config: Path = field(compare=False)
    parts: tuple[tuple[str, str], ...]
    layer: int
    normalised: bool
    device: str = "cpu"

    @classmethod
    def of(cls, files: Files, layer: int | None = None, device: str = "cpu") -> MertEmbedder:
        """The embedder of a checkpoint.

        Args:
            files: the checkpoint.
            layer: None for the last.
            device: ``cpu`` or ``cuda:N``.

        Raises:
            MetricError: the files are not such a checkpoint, or it has no such layer.
        """
        settings = _settings(files.beside[CONFIG])
        last = settings.get("num_hidden_layers", 12)
        chosen = last if layer is None else layer
        if not 0 <= chosen <= last:
            raise MetricError(f"mert: layer {layer}: {files.weights} has layers 0 to {last}")
        preprocessor = files.beside.get(PREPROCESSOR)
        normalised = preprocessor is None or _normalised(preprocessor)
        parts = tuple(files.fingerprint_parts().items())
        made = cls(files.weights, files.beside[CONFIG], parts, chosen, normalised, device)
        network_of(made)  # a wrong file is said now, and not in a worker
        return made

    @property
    def statement(self) -> Statement:
        """Such as ``mert-layer-12``, 768 numbers at 24 kHz."""
        return Statement(f"mert-layer-{self.layer}", SAMPLE_RATE, dim=network_of(self).config.hidden_size)

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """The mean of the channels at 24 kHz: ``(batch, channels, time)`` to ``(batch, time)``."""
        return mono_at(signals, sample_rate, SAMPLE_RATE)

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """The vectors of ``(batch, time)`` at 24 kHz: ``(batch, frames, dim)``, on the CPU.

        Signals are embedded whole, and one by one. One with a sample that is not finite gives NaN.

        Raises:
            NotApplicableError: the audio is too short for one frame.
            MetricError: the weights cannot be read.
        """
        shortest = shortest_samples(self)
        if batch.shape[1] < shortest:
            needs, got = shortest / SAMPLE_RATE, batch.shape[1] / SAMPLE_RATE
            raise NotApplicableError(f"mert hears {fixed(needs, 4)} s at least, got {fixed(got, 4)} s")
        return torch.stack([self._embedded(audio) for audio in batch])

    def _embedded(self, audio: torch.Tensor) -> torch.Tensor:
        network, device = network_of(self), torch.device(self.device)
        heard = audio.to(device, torch.float32)
        finite = bool(torch.isfinite(heard).all())
        if not finite:
            heard = torch.zeros_like(heard)
        if self.normalised:
            centred = heard.double() - heard.double().mean()
            heard = (centred / (centred.square().mean() + VARIANCE_FLOOR).sqrt()).float()
        with asking(device):
            states = network(heard[None], output_hidden_states=True).hidden_states
        vectors: torch.Tensor = states[self.layer][0].cpu().clone()
        return vectors if finite else torch.full_like(vectors, torch.nan)

    def fingerprint_parts(self) -> dict[str, Any]:
        """The weights, the layer, and what computes them."""
        return {
            "embedder": self.name,
            "embedder_version": self.version,
            **dict(self.parts),
            "normalised": self.normalised,
            "transformers": version("transformers"),
        }


def shortest_samples(embedder: MertEmbedder) -> int:
    """Samples at 24 kHz that one frame takes: 400 of the published model."""
    config, samples = network_of(embedder).config, 1
    for kernel, stride in zip(reversed(config.conv_kernel), reversed(config.conv_stride), strict=True):
        samples = (samples - 1) * stride + kernel
    return int(samples)


@lru_cache(maxsize=2)
def _network(weights: Path, config: Path, digest: tuple[tuple[str, str], ...], device: str) -> Any:
    from transformers import HubertConfig, HubertModel

    settings = _settings(config)
    try:
        with making():
            network: Any = HubertModel(HubertConfig(**settings, mask_time_prob=0.0, mask_feature_prob=0.0))
    except Exception as error:  # transformers checks configurations by errors of its own
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise MetricError(f"mert: {config} does not describe MERT's network: {reason}") from error
    expected = network.state_dict()
    state = {
        RENAMED.get(name, name) if RENAMED.get(name) in expected else name: value
        for name, value in read_tensors(weights, "mert").items()
    }
    Fitted(state, weights, "mert").into(network, UNUSED)
    return network.to(device)


def network_of(embedder: MertEmbedder) -> Any:
    """The network on its device, loaded when it is first asked for: each process has its own; layers share it.

    Raises:
        MetricError: the files are not such a checkpoint.
    """
    return _network(embedder.weights, embedder.config, embedder.parts, embedder.device)


def _settings(path: Path) -> dict[str, Any]:
    """HuBERT's configuration from MERT's.

    Raises:
        MetricError: the model is another, or has what HuBERT has not.
    """
    config = read_config(path, "mert")
    if config.get("sample_rate", SAMPLE_RATE) != SAMPLE_RATE:
        raise MetricError(f"mert: {path}: sample_rate {config['sample_rate']!r} is not supported, expected 24000")
    for name, absent in REFUSED.items():
        if config.get(name, absent) != absent:
            raise MetricError(
                f"mert: {path}: {name} {config[name]!r} is not supported, expected {absent!r}, as in MERT-v1-95M"
            )
    settings = {name: config[name] for name in TAKEN if name in config}
    if not isinstance(settings.get("num_hidden_layers", 12), int) or "conv_kernel" not in settings:
        raise MetricError(f"mert: {path} is not MERT's config.json: it lacks num_hidden_layers or conv_kernel")
    return settings


def _normalised(path: Path) -> bool:
    config = read_config(path, "mert")
    if config.get("sampling_rate", SAMPLE_RATE) != SAMPLE_RATE:
        raise MetricError(
            f"mert: {path}: sampling_rate {config['sampling_rate']!r} is not supported, expected 24000"
        )
    return bool(config.get("do_normalize", True))


class Mert(MeanSimilarity):
    """Cosine similarity of two clips' embeddings by MERT, each the mean over its frames.

    Args:
        checkpoint: a folder with ``config.json``, ``preprocessor_config.json`` and the weights; by default the
            hub's, fetched if need be.
        revision: on the hub; by default the pinned one.
        layer: 0 for what goes into the first layer, and so on; by default the last.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        MetricError: the extra ``mert`` is not installed, the files cannot be had or are not what they should be, or
            there is no such layer.
    """

    name = "mert"
    summary = "similarity of the embeddings of a network that was trained to fill in masked music"
    source = "arXiv 2306.00107"
    sample_rate = SAMPLE_RATE
    min_seconds = 400 / SAMPLE_RATE
    accounts_for = ("checkpoint", "revision", "layer")

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        revision: str | None = None,
        layer: int | None = None,
        device: str = "cpu",
    ) -> None:
        on = checked_device(device, self.name)
        if reason := _not_installed():
            raise MetricError(f"mert is not available: {reason}")
        super().__init__(MertEmbedder.of(located(REPOSITORY, checkpoint, revision), layer, str(on)), on)

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed or not on this machine, and what to do; None if nothing is missing. No network."""
        return _not_installed() or missing(REPOSITORY, settings.get("checkpoint"), settings.get("revision"))


def _not_installed() -> str | None:
    return not_installed({"transformers": "transformers"}, "mert")
