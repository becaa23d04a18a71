"""A metric that holds a network, on the device that ``--device`` names, and compares batches with clean ones.

degrade-bench run --suite quick --out out --metric examples/on_a_device.py --device auto
"""

import torch


class Convolved:
    """How far a signal is from the clean one, as a small network of random weights hears both."""

    name = "convolved"
    higher_is_better = False
    needs_reference = True
    sample_rate, resample = 16000, True  # the bench resamples to it
    window_seconds = 4.0  # around the same moment of both
    score_range = (0.0, None)

    def __init__(self, channels: int = 16, device: str = "cpu"):  # --set convolved.channels=32
        self.device = torch.device(device)
        generator = torch.Generator().manual_seed(0)
        self.filters = torch.randn(channels, 1, 512, generator=generator).to(self.device)

    def features(self, batch):
        mono = batch.to(self.device).mean(dim=1, keepdim=True)
        return torch.nn.functional.conv1d(mono, self.filters, stride=256).abs().add(1e-3).log()

    def score(self, batch, sample_rate, reference=None):
        with torch.inference_mode():
            return (self.features(batch) - self.features(reference)).square().mean(dim=(1, 2)).sqrt().cpu()
