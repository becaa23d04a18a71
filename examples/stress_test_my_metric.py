"""Stress-test a metric of your own on the built-in corpus: ``python examples/stress_test_my_metric.py``."""

import torch

import degrade_bench


class SpectralFlatness(degrade_bench.Metric):
    """How noise-like the spectrum is: a "quality metric" that anybody might write, and nobody should trust."""

    name = "flatness"
    summary = "minus the mean spectral flatness"
    higher_is_better = True

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score signals of shape ``(batch, channels, time)``; gives ``(batch,)``."""
        window = torch.hann_window(2048)
        spectrum = torch.stft(batch.mean(dim=1), 2048, window=window, return_complex=True).abs() + 1e-7
        return -(spectrum.log().mean(dim=1).exp() / spectrum.mean(dim=1)).mean(dim=1)


if __name__ == "__main__":
    result = degrade_bench.stress_test(SpectralFlatness(), levels=(1, 5), limit_clips=6)
    print(result.analysis.summary.to_string())
    print(f"report: {result.folder / 'report.html'}")
