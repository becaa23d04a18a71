"""The devices that a metric's network may run on."""

from __future__ import annotations

import torch

from degrade_bench.errors import MetricError


def checked_device(name: str, metric: str) -> torch.device:
    """The device of that name.

    Args:
        name: ``cpu``, ``cuda`` or ``cuda:N``.
        metric: which asks for it, for messages.

    Raises:
        MetricError: there is no such device here.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise MetricError(f"{metric}: device {name!r}: expected cpu, cuda or cuda:N") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise MetricError(f"{metric}: device {name}: torch {torch.__version__} finds no CUDA device; use cpu")
        if device.index is not None and device.index >= torch.cuda.device_count():
            raise MetricError(
                f"{metric}: device {name}: there are {torch.cuda.device_count()} CUDA devices, from 0"
            )
    return device
