"""Ink on small panels, and the image that they become.

A panel is an array of ink from 0 (none) to 1, ``(ROWS, COLUMNS)``, its first row on top. Where there is no ink, an
image is transparent, so that it lies on light and dark pages alike.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

ROWS, COLUMNS, GAP = 60, 144, 8
"""Dots of a panel, and between two of them."""
SHADES = 16
BLUE, DARK = np.array([47.0, 120.0, 183.0]), np.array([6.0, 24.0, 48.0])
"""Half of the ink, and all of it."""


def blank() -> np.ndarray:
    """A panel without ink."""
    return np.zeros((ROWS, COLUMNS))


def band(low: np.ndarray, high: np.ndarray, bottom: float, top: float, rows: int = ROWS) -> np.ndarray:
    """What lies between two curves, of a thickness of one dot at least; ``(rows, columns)``.

    Args:
        low: the lower curve, a value for each column; NaN where nothing is drawn.
        high: the upper one.
        bottom: the value at the lower edge of the panel.
        top: the value at its upper edge.
        rows: of the panel.
    """
    dot = (top - bottom) / rows
    middle, half = (high + low) / 2, np.maximum((high - low) / 2, dot / 2)
    centres = top - dot * (np.arange(rows)[:, None] + 0.5)
    covered = np.clip((middle + half - centres) / dot + 0.5, 0, 1) * np.clip(
        (centres - middle + half) / dot + 0.5, 0, 1
    )
    return np.asarray(np.nan_to_num(covered))


def line_at(value: float, bottom: float, top: float, rows: int = ROWS) -> np.ndarray:
    """A level line of one dot, ``(rows, 1)``.

    Args:
        value: of the line.
        bottom: the value at the lower edge of the panel.
        top: the value at its upper edge.
        rows: of the panel.
    """
    return band(np.array([value]), np.array([value]), bottom, top, rows)


def image(panels: Sequence[np.ndarray]) -> bytes:
    """Panels side by side, as PNG with 16 shades.

    Args:
        panels: ink from 0 to 1.
    """
    from PIL import Image

    whole = np.zeros((ROWS, len(panels) * (COLUMNS + GAP) - GAP))
    for place, ink in enumerate(panels):
        first = place * (COLUMNS + GAP)
        whole[:, first : first + COLUMNS] = ink
    shades = np.round(np.clip(whole, 0, 1) * (SHADES - 1)).astype(np.uint8)
    picture = Image.fromarray(shades, mode="P")
    ink = np.arange(SHADES)[:, None] / (SHADES - 1)
    colours = BLUE + (DARK - BLUE) * np.clip(2 * ink - 1, 0, 1)
    picture.putpalette(np.round(colours).astype(np.uint8).tobytes())
    opacity = np.round(255 * np.clip(2 * ink[:, 0], 0, 1)).astype(np.uint8).tobytes()
    file = io.BytesIO()
    picture.save(file, format="png", bits=4, transparency=opacity, optimize=False, compress_level=9)
    return file.getvalue()
