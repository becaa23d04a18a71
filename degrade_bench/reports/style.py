"""How figures look: one place for colours, sizes and the marks of verdicts."""

from __future__ import annotations

from typing import Any

VERDICT_MARKS = {
    "sensitive": "●",
    "artefact": "◐",
    "blind": "○",
    "inverted": "▼",
    "inconclusive": "?",
    "not-applicable": "–",
}
"""Told apart without colour."""

VERDICT_MEANINGS = {
    "sensitive": "the score falls beyond the margin and beyond the placebo",
    "artefact": "it falls, but beyond the placebo nothing that counts was shown: the processing was heard, not the "
    "damage",
    "blind": "at every level the drop was shown to lie within the margin, by an equivalence test",
    "inverted": "the score improves with the damage",
    "inconclusive": "the clips do not suffice to say any of this",
    "not-applicable": "the question does not arise, such as a sample-aligned metric on a tempo change",
}

SERIES = ("#0b5fa5", "#c2571a", "#2e7d4f", "#8c3b7a", "#7a6a00", "#4a4a9c")
"""Lines of the degradations of one family; dark enough for white paper, apart for colour-blind readers."""

PLACEBO = "#8a8a8a"
FLOOR = "#ededed"
INK, FAINT = "#1c1c1c", "#6b6b6b"

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so figures look the same everywhere
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "degrade-bench",  # ids inside an SVG: the same figure, the same bytes
    "pdf.fonttype": 42,
}
