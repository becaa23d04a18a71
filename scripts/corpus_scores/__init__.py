"""The scores of the built-in corpus, in the order in which the corpus lists them."""

from __future__ import annotations

from corpus_scores import bands, chamber, moods, traditional
from corpus_scores.score import Score


def all_scores() -> list[Score]:
    """Every score, freshly written."""
    return [
        chamber.piano_solo(),
        chamber.string_quartet(),
        bands.rock_band(),
        bands.jazz_trio(),
        bands.funk_band(),
        traditional.waltz(),
        traditional.jig(),
        bands.electronic(),
        traditional.baroque_canon(),
        chamber.brass_quintet(),
        traditional.choir(),
        moods.ambient(),
        moods.reggae(),
        moods.minimal_five(),
    ]
