"""Stereo pictures: the field (left against right), and middle and side against frequency."""

from __future__ import annotations

import numpy as np

from degrade_bench.reports.style import FAINT
from pages.canvas import Subject, new_figure
from pages.spectra import cells

CELLS = 48

CAPTION = (
    "Above: the stereo field, how often left minus right (across) meets left plus right (upward); a line upward is "
    "mono, a line to the left or right is one channel alone or a channel turned over. Below: the mean spectrum of "
    "middle (left plus right, solid) and side (left minus right, dashed), the clean clip's in grey."
)


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure and its caption; None where the clip or an output is not stereo."""
    if any(samples.shape[0] != 2 for _, samples in shown.panels):
        return None
    figure = new_figure(shown, 5.2, "stereo field")
    axes = figure.subplots(2, len(shown.panels), squeeze=False, height_ratios=(1.25, 1))
    spread = 3.5 * float(np.std(shown.clip.samples.numpy()))
    edges = np.linspace(-spread, spread, CELLS + 1)
    spectra = [_spectra(samples, shown.clip.sample_rate) for _, samples in shown.panels]
    colours = [FAINT, *shown.colours]
    top = max(curve.max() for _, pair in spectra for curve in pair) + 5
    for k, (heading, (left, right)) in enumerate(shown.panels):
        field, spectrum = axes[:, k]
        density, _, _ = np.histogram2d((left + right) / 2**0.5, (left - right) / 2**0.5, bins=(edges, edges))
        shade = np.round(4 * np.log10(np.maximum(density, 1))) / 4
        field.pcolormesh(edges, edges, np.ma.masked_where(density == 0, shade), cmap="viridis_r", vmin=0)
        field.set_aspect("equal")
        field.set_title(heading)
        field.set_xticks([])
        field.set_yticks([])
        field.set_xlabel("left − right")
        for (frequencies, pair), colour, width in ((spectra[0], "#bdbdbd", 2.6), (spectra[k], colours[k], 1.2)):
            for curve, dash in zip(pair, ("-", (0, (3, 1.5))), strict=True):
                spectrum.plot(frequencies, curve, color=colour, linewidth=width, linestyle=dash)
        spectrum.set_xscale("log")
        spectrum.set_xticks([100, 1000, 10000], ["100", "1k", "10k"])
        spectrum.minorticks_off()
        spectrum.set_ylim(top - 90, top)
        spectrum.set_xlabel("Hz")
        if k:
            spectrum.set_yticklabels([])
    axes[0, 0].set_ylabel("left + right")
    axes[1, 0].set_ylabel("dB")
    return figure, CAPTION


def _spectra(samples: np.ndarray, rate: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Centre frequencies; the mean spectra in dB of middle and side."""
    edges = np.geomspace(40, min(22050, rate / 2), 61)
    pair = []
    for sign in (1, -1):
        mixed = (samples[:1] + sign * samples[1:]) / 2**0.5
        pair.append(10 * np.log10((10 ** (cells(mixed, rate, edges, 4096) / 10)).mean(axis=1) + 1e-20))
    return np.sqrt(edges[1:] * edges[:-1]), pair
