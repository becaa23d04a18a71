"""A figure that a notebook shows, without pyplot."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure


class ShownFigure(Figure):
    """A figure of matplotlib's that IPython can show whatever backend is chosen, or none."""

    def _repr_png_(self) -> bytes:
        """The figure as IPython asks for it."""
        data = BytesIO()
        self.savefig(data, format="png", dpi=144)
        return data.getvalue()
