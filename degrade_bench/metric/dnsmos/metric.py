"""DNSMOS as a metric: how listeners would rate a recording of speech, asked about music.

DNSMOS predicts how listeners rate speech after noise suppression. Music is not what it was made for. That makes
it a control from the wrong domain: a learned network that runs end to end without a hub, and whose verdicts show
what a metric says of music that never learned music.

Source: DNSMOS P.835, arXiv 2110.01763; DNSMOS (P.808), arXiv 2010.15258; the ``speechmos`` package 0.0.1.1.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.dnsmos import contract, network
from degrade_bench.metric.extras import how_to, not_installed
from degrade_bench.metric.onnx_session import THREADS
from degrade_bench.metric.settings import check_choice

Output = Literal["ovrl", "sig", "bak", "p808"]
OUTPUTS: dict[Output, str] = {
    "ovrl": "overall, by P.835",
    "sig": "the speech by itself, by P.835",
    "bak": "the background by itself, by P.835",
    "p808": "overall, by P.808",
}
PACKAGES = ("speechmos", "onnxruntime", "onnx")
HOW_TO = how_to("dnsmos")


class Dnsmos(Metric):
    """Predicted opinion of speech, nominally 1 to 5: the mean over windows of 9.01 s, one a second.

    Within ±1 the scores are those of ``speechmos.dnsmos.run``. The package refuses samples beyond ±1. Damaged clips
    may pass ±1 where their loudness is matched to the clean clip's, and the networks take any level: they are
    scored as they are, because clipping or scaling them would be another damage.

    Args:
        output: ``ovrl`` (overall), ``sig`` (the speech), ``bak`` (the background), or ``p808`` (overall, by the
            older network).

    Raises:
        ConfigError: no such output.
        MetricError: the extra ``dnsmos`` is not installed.
    """

    name = "dnsmos"
    summary = "predicted opinion of speech, learned from listeners' ratings of denoised speech"
    source = "arXiv 2110.01763, through speechmos"
    domain = "speech"
    sample_rate = contract.SAMPLE_RATE
    min_seconds = 1.0
    higher_is_better = True
    score_range = (1.0, 5.0)
    light = True
    accounts_for = ("output",)

    def __init__(self, output: Output = "ovrl") -> None:
        check_choice(self.name, "output", output, OUTPUTS)
        reason = self.unavailable({})
        if reason is not None:
            raise MetricError(f"dnsmos is not available: {reason}")
        self.output = output
        self.summary = f"{type(self).summary}: {OUTPUTS[output]}"
        self.path = networks_folder() / (network.P808_FILE if output == "p808" else network.P835_FILE)
        self._sha256 = hashlib.sha256(self.path.read_bytes()).hexdigest()
        self._network: network.P835Network | network.P808Network | None = None

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed, and the command that installs it; None if nothing is missing."""
        missing = not_installed({name: name for name in PACKAGES}, "dnsmos")
        if missing is not None:
            return missing
        for file in (network.P835_FILE, network.P808_FILE):
            if not (networks_folder() / file).is_file():
                return f"speechmos {version('speechmos')} holds no {file}; {HOW_TO}"
        return None

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)`` at any rate; NaN for a signal that is not finite or empty."""
        scores = [self._score_one(audio) for audio in contract.preprocessed(batch, sample_rate)]
        return torch.tensor(scores, dtype=torch.float64)

    def _score_one(self, audio: np.ndarray) -> float:
        if len(audio) == 0 or not np.isfinite(audio).all():
            return math.nan
        audio = contract.repeated(audio)
        answers = self._loaded().answers(audio, contract.window_starts(len(audio))).astype(np.float64)
        if self.output == "p808":
            return float(answers.mean())
        column = list(contract.POLYNOMIALS).index(self.output)
        return float(np.polyval(contract.POLYNOMIALS[self.output], answers[:, column]).mean())

    def _loaded(self) -> network.P835Network | network.P808Network:
        """The network, loaded when it is first asked for: each process has its own."""
        if self._network is None:
            kind = network.P808Network if self.output == "p808" else network.P835Network
            self._network = kind(self.path)
        return self._network

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": None}

    def fingerprint_parts(self) -> dict[str, Any]:
        """Output, weights, and what computes them."""
        libraries = ("speechmos", "onnxruntime", *(("librosa",) if self.output == "p808" else ()))
        return {
            **super().fingerprint_parts(),
            "output": self.output,
            "onnx_sha256": self._sha256,
            "threads": THREADS,
            **{name: version(name) for name in libraries},
        }


def networks_folder() -> Path:
    """Where the installed package keeps its networks; the package itself is not imported."""
    spec = importlib.util.find_spec("speechmos")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "dnsmos_models"
