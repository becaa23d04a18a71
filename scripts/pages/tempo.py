"""Tempo pictures: the local tempo, how far time has moved, and where the beats fall."""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import TimeMap
from degrade_bench.degrade.plan import Rendered
from degrade_bench.reports.style import FAINT, INK
from pages.canvas import Subject, legend_above, new_figure

MANY = 10
CAPTION = (
    "From the plan's time map. Above: the local tempo in % of the clean clip's. Middle: how much later (or "
    "earlier) than in the clean clip a moment is heard. Below: the beats; bars begin at the long strokes, and "
    "the short ones are half-way between beats."
)


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure and its caption; None where no plan moved time."""
    if all(output.plan.time_map is None for output in shown.outputs.values()):
        return None
    figure = new_figure(shown, 4.8, "tempo")
    tempo, moved, beats = figure.subplots(3, 1, sharex=True, height_ratios=(1.1, 1.1, 0.9))
    tempo.axhline(100, color=FAINT, linewidth=1.6, label="clean")
    moved.axhline(0, color=FAINT, linewidth=1.6)
    rows = [("clean", shown.clip.annotations, INK)]
    inner = np.asarray(shown.clip.annotations.beats)
    halves = [(inner[1:] + inner[:-1]) / 2]
    for heading, output, line in shown.lines:
        times, percent, shift = curves(output)
        if len(times) > MANY and "beats" not in shown.degradation.needs:  # a smooth map, given by its corners
            tempo.plot((times[1:] + times[:-1]) / 2, percent[:-1], label=heading, **line)
        else:
            tempo.plot(times, percent, drawstyle="steps-post", label=heading, **line)
        moved.plot(times, 1000 * shift, **line)
        halves.append(halves[0] if output.plan.time_map is None else output.plan.time_map(halves[0]))
        rows.append((heading.split(":")[0], output.clip.annotations, line["color"]))
    for row, (_, labels, colour) in enumerate(rows):
        beats.vlines(labels.beats, -row - 0.25, -row + 0.2, color=colour, linewidth=0.8)
        beats.vlines(halves[row], -row - 0.05, -row + 0.05, color=colour, linewidth=0.8)
        beats.vlines(labels.downbeats, -row - 0.4, -row + 0.4, color=colour, linewidth=1.8)
    for (_, before, _), (_, after, colour), row in zip(rows[:-1], rows[1:], range(len(rows)), strict=False):
        if len(before.beats) == len(after.beats):
            segments = np.array([before.beats, after.beats])
            beats.plot(segments, [-row - 0.25, -row - 0.75], color=colour, linewidth=0.5, alpha=0.7)
    beats.set_yticks([-row for row in range(len(rows))], [name for name, _, _ in rows])
    beats.tick_params(axis="y", length=0)
    beats.set_xlabel("s")
    beats.set_xlim(0, max(samples.shape[1] for _, samples in shown.panels) / shown.clip.sample_rate)
    tempo.set_ylabel("tempo, %")
    moved.set_ylabel("later by, ms")
    tempo.margins(y=0.12)
    legend_above(tempo)
    return figure, CAPTION


def curves(output: Rendered) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Output times, the local tempo in % that begins at each of them, and output minus source time in seconds."""
    duration = output.clip.duration
    if output.plan.time_map is None:
        return np.array([0.0, duration]), np.array([100.0, 100.0]), np.zeros(2)
    source, placed = np.asarray(output.plan.time_map.points, dtype=float).T
    back = TimeMap(tuple((float(o), float(s)) for s, o in zip(source, placed, strict=True)))
    times = np.unique(np.clip(np.concatenate([[0.0, duration], placed]), 0.0, duration))
    places = back(times)
    percent = 100 * np.diff(places) / np.diff(times)
    return times, np.append(percent, percent[-1]), times - places
