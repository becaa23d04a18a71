"""A metric of sets with vectors of its own: do the damaged clips, all together, sound as varied as the clean ones?

degrade-bench run --suite quick --out out --metric examples/set_metric.py
"""

from dataclasses import dataclass

import numpy as np
import torch
from torchaudio.functional import resample

import degrade_bench


@dataclass(frozen=True)
class Bands:
    """How loud eight bands of the spectrum are, in dB: a vector for every half second."""

    name: str = "bands"
    version: str = "1"
    sample_rate: int = 16000
    dim: int = 8

    def converted(self, signals, sample_rate):
        return resample(signals.mean(dim=1), sample_rate, self.sample_rate)

    def embed(self, batch):
        power = torch.fft.rfft(batch.unfold(1, 8000, 8000)).abs().square()
        bands = [band.mean(dim=2) for band in power[:, :, 1:].tensor_split(self.dim, dim=2)]
        return 10 * torch.log10(torch.stack(bands, dim=2) + 1e-6)

    def fingerprint_parts(self):
        return {}


class BandSpread(degrade_bench.SetMetric):
    """How far the spread of the bands over a set is from that over the reference set, in dB."""

    name, higher_is_better = "band-spread", False
    embedder = Bands()

    def compare(self, reference, heard):
        return float(np.abs(heard.vectors.std(axis=0) - reference.vectors.std(axis=0)).mean())
