"""How networks of other people's libraries are made and asked, whatever the process has set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from degrade_bench._support.precision import multiplying


@contextmanager
def making() -> Iterator[None]:
    """Make a network in float32 on the CPU, without drawing from the global generators."""
    # a class of torch's is beside it: only here, so that a listing can do without torch
    from degrade_bench.metric.muq_eval.reference import untouched_random_state

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with untouched_random_state(), torch.device("cpu"):
            yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def asking(device: torch.device) -> Iterator[None]:
    """Ask a network in exact float32, and keep nothing for gradients."""
    exact = torch.autocast(device.type, enabled=False)
    with torch.inference_mode(), exact, multiplying(tf32=False):
        yield
