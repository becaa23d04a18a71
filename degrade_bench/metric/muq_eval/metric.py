"""MuQ-Eval A1 as a metric.

Source: MuQ-Eval, arXiv 2603.22677; MuQ, arXiv 2501.01108.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.muq_eval import checkpoint as files
from degrade_bench.metric.muq_eval.contract import SAMPLE_RATE, WINDOW_SECONDS, preprocessed


class MuQEval(Metric):
    """Predicted musical impression, nominally 1 to 5, of the middle ten seconds; float32 as its authors evaluate.

    Args:
        checkpoint: a folder with ``model_state_dict.pt``; by default the hub's, fetched if need be.
        encoder: a folder with the encoder's ``config.json``; likewise.
        revision: the checkpoint's revision on the hub: a commit, a tag or a branch. What a branch stood for is
            recorded.
        encoder_revision: the encoder's.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        MetricError: the files cannot be had or are not what they should be.
    """

    name = "muq-eval"
    summary = "MuQ-Eval A1: predicted musical impression (MI), learned from listeners' ratings"
    source = "arXiv 2603.22677"
    sample_rate = SAMPLE_RATE
    window_seconds = WINDOW_SECONDS
    higher_is_better = True
    score_range = (1.0, 5.0)

    def __init__(
        self,
        checkpoint: str | None = None,
        encoder: str | None = None,
        revision: str = files.REVISION,
        encoder_revision: str = files.REVISION,
        device: str = "cpu",
    ) -> None:
        from degrade_bench.metric.muq_eval.model import MuQEvalModel

        found = files.fetched_files(checkpoint, encoder, revision, encoder_revision)
        config = files.read_encoder_config(found.encoder)
        try:
            model = MuQEvalModel(config)
        except (TypeError, ValueError, RuntimeError, AttributeError, KeyError) as error:
            raise MetricError(f"muq-eval: {found.encoder} does not describe a MuQ encoder: {error!r}") from error
        files.load_strictly(model, found.checkpoint)
        self.device = torch.device(device)
        self.model = model.eval().to(self.device)
        self._parts = {
            "checkpoint_sha256": files.sha256_of(found.checkpoint),
            "checkpoint_revision": found.revisions[0],
            "encoder_config_sha256": hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest(),
            "encoder_revision": found.revisions[1],
            "dtype": "float32",
        }

    @classmethod
    def unavailable(cls, settings: Mapping[str, str]) -> str | None:
        """Why the weights are not on this machine, and what to do; None if they are. No network."""
        found = files.local_files(
            settings.get("checkpoint"),
            settings.get("encoder"),
            settings.get("revision", files.REVISION),
            settings.get("encoder_revision", files.REVISION),
        )
        if isinstance(found, files.Files):
            return None
        return f"no weights: {found}; ask for it with --metric muq-eval, which fetches 1.3 GB, or {files.HOW_TO}"

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)`` at any rate; gives ``(batch,)`` on the CPU.

        Raises:
            MetricError: the device has not enough memory for the batch.
        """
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            try:
                audio = preprocessed(batch.to(self.device, torch.float32), sample_rate)
                return self.model(audio).float().cpu()
            except torch.cuda.OutOfMemoryError as error:
                raise MetricError(
                    f"muq-eval: {self.device} has too little memory for {len(batch)} clips at once; "
                    "give a smaller --batch-size"
                ) from error

    def fingerprint_parts(self) -> dict[str, Any]:
        """Weights, configuration and type, beside the contract's version."""
        return {**super().fingerprint_parts(), **self._parts}
