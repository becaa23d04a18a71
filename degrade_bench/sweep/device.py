"""The device that metrics run on."""

from __future__ import annotations

import torch

from degrade_bench.errors import ConfigError


def resolve_device(asked: str) -> str:
    """``cpu`` or ``cuda:N`` for what ``--device`` asked.

    Raises:
        ConfigError: CUDA was asked for and there is none.
    """
    if asked == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if asked.startswith("cuda"):
        index = int(asked.partition(":")[2] or 0)
        if not torch.cuda.is_available():
            raise ConfigError(f"--device {asked}: torch {torch.__version__} finds no CUDA device; use cpu")
        if index >= torch.cuda.device_count():
            raise ConfigError(f"--device {asked}: there are {torch.cuda.device_count()} CUDA devices, from 0")
        return f"cuda:{index}"
    return asked


def device_name(device: str) -> str:
    """The device in words; what is in words already, such as a cluster, stays."""
    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return device if device != "cpu" else f"cpu ({torch.get_num_threads()} threads)"
