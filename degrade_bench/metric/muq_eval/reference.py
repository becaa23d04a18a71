"""MuQ's encoder as the ``muq`` package computes it: what the fast encoder is compared with.

``--set muq-eval.backend=reference`` scores with it. It needs ``muq``, and a transformers that ``muq`` works with.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval.checkpoint import ENCODER, State


class ReferenceEncoder(nn.Module):
    """The forward pass of ``muq``; the last hidden state, no attention mask.

    Args:
        config: the contents of the encoder's ``config.json``.
        state: weights in plain layout; every one of the encoder's must be there, and no other.
        path: the file that they come from, for messages.

    Raises:
        MetricError: ``muq`` cannot be imported, or the weights are not its.
    """

    def __init__(self, config: Mapping[str, Any], state: State, path: Path) -> None:
        super().__init__()
        try:
            from muq import MuQ
            from muq.muq.muq import MuQConfig
        except ImportError as error:
            raise MetricError(
                f"muq-eval: the reference backend needs muq: pip install 'degrade-bench[reference]' ({error})"
            ) from error
        with untouched_random_state():
            try:
                self.model = MuQ(MuQConfig(**config))
            except (TypeError, ValueError, RuntimeError, AttributeError, KeyError) as error:
                raise MetricError(f"muq-eval: {path}: muq cannot build this encoder: {error!r}") from error
        encoder = {name[len(ENCODER) :]: value for name, value in state.items() if name.startswith(ENCODER)}
        try:
            self.model.load_state_dict(encoder, strict=True)
        except RuntimeError as error:
            raise MetricError(
                f"muq-eval: {path} does not fit muq's encoder: {' '.join(str(error).split())[:300]}"
            ) from error

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """``(batch, samples)`` at 24 kHz to ``(batch, time, dim)``."""
        output: torch.Tensor = self.model(audio, output_hidden_states=False).last_hidden_state
        return output


@contextmanager
def untouched_random_state() -> Iterator[None]:
    """Leave Python's and torch's global generators as they were: ``muq`` draws weights, and seeds both."""
    python_state = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python_state)
