"""The devices that metrics run on and that signals are worked on."""

from __future__ import annotations

import torch

from degrade_bench.errors import ConfigError


def resolve_device(asked: str, option: str = "--device") -> str:
    """``cpu`` or ``cuda:N`` for what an option asked.

    Args:
        asked: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        option: its name, for the message.

    Raises:
        ConfigError: CUDA was asked for and there is none.
    """
    if asked == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if asked.startswith("cuda"):
        index = int(asked.partition(":")[2] or 0)
        if not torch.cuda.is_available():
            raise ConfigError(f"{option} {asked}: torch {torch.__version__} finds no CUDA device; use cpu")
        if index >= torch.cuda.device_count():
            raise ConfigError(f"{option} {asked}: there are {torch.cuda.device_count()} CUDA devices, from 0")
        return f"cuda:{index}"
    return asked


def device_name(device: str) -> str:
    """The device in words; what is in words already, such as a cluster, stays."""
    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return device if device != "cpu" else f"cpu ({torch.get_num_threads()} threads)"


def device_model(device: str) -> str:
    """What kind of device it is, as far as results depend on it: ``cpu``, or the GPU's model."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device
