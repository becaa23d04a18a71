"""One degradation's picture: which kind, of which clip, with which caption."""

from __future__ import annotations

from pathlib import Path

from degrade_bench.degrade import catalogue
from degrade_bench.sweep.pictures.draw import kind_of
from pages import notes, order, pitch, spectra, stereo, tempo, waves
from pages.canvas import PREFERENCE, house_style, save, subject

KINDS = {
    "waveform": waves.draw,
    "spectrogram": spectra.draw,
    "order": order.draw,
    "tempo": tempo.draw,
    "pitch": pitch.draw,
    "stereo": stereo.draw,
    "notes": notes.draw,
}


def draw_picture(task: tuple[str, Path]) -> str | None:
    """Draw the picture of a degradation to a file.

    Returns:
        the caption; None where no clip of the corpus can be damaged, and no file was written.
    """
    name, path = task
    degradation = catalogue.get(name)
    kind = kind_of(degradation)
    shown = subject(degradation, kind)
    if shown is None:
        return None
    with house_style():
        drawn = KINDS[kind](shown)
        if drawn is None:  # that kind would show nothing
            drawn = spectra.draw(shown)
        if drawn is None:
            drawn = waves.draw(shown)
        figure, caption = drawn
        save(figure, path)
    rule = ", else ".join(f"`{clip}`" for clip in PREFERENCE[kind])
    return f"Drawn of the built-in clip `{shown.clip.id}` (the rule: {rule}, else the first). {caption}"
