"""How figures look: one place for colours and sizes."""

from __future__ import annotations

from typing import Any

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
    "axes.titley": 1.0,  # where matplotlib would put it, after looking for ticks at the top that no panel has
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
    "text.parse_math": False,  # a name with dollar signs is a name
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",  # letters stay letters
    "svg.hashsalt": "degrade-bench",  # ids inside an SVG: the same figure, the same bytes
    "pdf.fonttype": 42,
}
