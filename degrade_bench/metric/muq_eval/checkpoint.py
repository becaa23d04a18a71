"""What is in MuQ-Eval's files, loaded strictly and never running code; LoRA folded into what it adapts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import torch

from degrade_bench._support.contained import parse_json
from degrade_bench._support.reading import read_text_file
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.tensor_files import read_tensors

State: TypeAlias = "Mapping[str, torch.Tensor]"

ENCODER = "encoder.encoder."
"""What the encoder's weights are called under, before ``muq``'s own names."""

UNUSED = re.compile(
    r"model\.(cls_token|linear\.(weight|bias)|quantizer_\w+\.(random_projection|codebook)|rvq\..+|recon_proj\..+"
    r"|conformer\.pos_conv_embed\..+|.+\.num_batches_tracked)"
)
"""Weights of the encoder that serve its pre-training or count: they may be there, and no score needs them."""

_PEFT = ENCODER + "base_model.model."
_LORA = re.compile(r"(.+)\.lora_([AB])\.default\.weight")


def read_encoder_config(path: Path) -> dict[str, Any]:
    """The encoder's configuration.

    Raises:
        MetricError: not JSON, or not such a configuration.
    """
    try:
        config = parse_json(read_text_file(path).encode())
    except (OSError, ValueError) as error:
        raise MetricError(f"muq-eval: {path} cannot be read: {error}") from error
    if not isinstance(config, dict) or "w2v2_config" not in config or "stat" not in config:
        raise MetricError(f"muq-eval: {path} is not MuQ's config.json: it lacks w2v2_config or stat")
    return config


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name; only tensors are read, so that no code in the file can run.

    Of a trainer's checkpoint, which holds them under ``model_state`` beside other things, these are taken.

    Raises:
        MetricError: a pickle that holds code, a file cut off, or anything but tensors by name.
    """
    return read_tensors(path, "muq-eval")


class StrictWeights:
    """Weights by name, each of the shape that is asked for; remembers which were used.

    Args:
        state: the tensors of a file, in plain layout (see :func:`folded`).
        path: the file, for messages.
    """

    def __init__(self, state: State, path: Path) -> None:
        self.state, self.path = state, path
        self._used: set[str] = set()

    def get(self, name: str, *shape: int) -> torch.Tensor:
        """The float32 tensor of that name.

        Raises:
            MetricError: it is missing or has another shape.
        """
        if name not in self.state:
            raise MetricError(f"muq-eval: {self.path} lacks {name}")
        weight = self.state[name]
        if tuple(weight.shape) != shape:
            raise MetricError(
                f"muq-eval: {self.path} has wrong shapes: {name} {tuple(weight.shape)} instead of {shape}"
            )
        self._used.add(name)
        return weight.float()

    def encoder(self, name: str, *shape: int) -> torch.Tensor:
        """A weight of the encoder, as :meth:`get`, under ``muq``'s name without its leading ``model.``."""
        return self.get(f"{ENCODER}model.{name}", *shape)

    def encoder_is_checked(self) -> None:
        """Count every weight of the encoder as used: ``muq`` has loaded them, strictly."""
        self._used.update(name for name in self.state if name.startswith(ENCODER))

    def refuse_others(self) -> None:
        """Refuse weights that were not asked for and that no pre-training needs.

        Raises:
            MetricError: names them.
        """
        strangers = [
            name
            for name in sorted(set(self.state) - self._used)
            if not (name.startswith(ENCODER) and UNUSED.fullmatch(name[len(ENCODER) :]))
        ]
        if strangers:
            more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
            raise MetricError(f"muq-eval: {self.path} has unexpected {', '.join(strangers[:3])}{more}")


def has_lora(state: State) -> bool:
    """Whether the weights are in peft's layout."""
    return any(name.startswith(_PEFT) for name in state)


def folded(state: State, alpha: float, path: Path) -> dict[str, torch.Tensor]:
    """The same network in plain layout: every adapted weight W becomes W + (alpha / r) B A, summed in float64.

    Source: LoRA, arXiv 2106.09685; the layout is that of the ``peft`` library.

    Args:
        state: tensors by name, in peft's layout.
        alpha: LoRA's alpha; the adapters' rank r is read off their shapes.
        path: the file, for messages.

    Raises:
        MetricError: an adapter that is not whole, or does not fit its weight.
    """
    pairs: dict[str, dict[str, torch.Tensor]] = {}
    plain: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        name = name.replace(_PEFT, ENCODER, 1) if name.startswith(_PEFT) else name
        adapter = _LORA.fullmatch(name)
        if adapter:
            pairs.setdefault(adapter[1], {})[adapter[2]] = value
        else:
            plain[name.replace(".base_layer.", ".", 1)] = value
    for name, pair in pairs.items():
        weight = plain.get(f"{name}.weight")
        if set(pair) != {"A", "B"} or weight is None:
            raise MetricError(f"muq-eval: {path}: the adapter of {name} is not whole: it lacks A, B or its weight")
        down, up = pair["A"].double(), pair["B"].double()
        if (up.shape[0], down.shape[1]) != tuple(weight.shape) or up.shape[1] != down.shape[0]:
            shapes = f"{tuple(up.shape)} by {tuple(down.shape)} for {tuple(weight.shape)}"
            raise MetricError(f"muq-eval: {path} has wrong shapes: the adapter of {name} is {shapes}")
        plain[f"{name}.weight"] = (weight.double() + (alpha / down.shape[0]) * (up @ down)).float()
    return plain


def lora_alpha(configs: Sequence[Path]) -> float:
    """LoRA's alpha from the training configuration beside a checkpoint; later files win over earlier ones.

    Raises:
        MetricError: no file says it.
    """
    from degrade_bench._support.yaml_lines import LinedYaml

    alpha: Any = None
    for path in configs:
        try:
            loaded = LinedYaml(path).data
        except (ConfigError, ValueError) as error:
            raise MetricError(f"muq-eval: {path} cannot be read: {' '.join(str(error).split())[:300]}") from error
        for name in ("model", "lora", "alpha"):
            if not isinstance(loaded, dict):
                raise MetricError(f"muq-eval: {path} is no training configuration: {name} stands in no mapping")
            loaded = loaded.get(name, alpha if name == "alpha" else {})
        alpha = loaded
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or alpha <= 0:
        names = ", ".join(path.name for path in configs) or "no config.yaml is beside the weights"
        raise MetricError(
            f"muq-eval: LoRA's alpha is not known ({names}: model.lora.alpha is {alpha!r}); "
            "give --set muq-eval-a3a.lora_alpha=NUMBER"
        )
    return float(alpha)
