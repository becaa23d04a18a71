"""Draw a figure once and write it in several formats.

Matplotlib finds every place and every letter of a figure anew for each format. Here that is done once, for a
renderer that only takes notes, and the notes are played to the renderers of the formats. In notes, a figure has 72
dots in an inch; for another number of dots, places are scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.transforms import Affine2D, TransformedBbox, TransformedPath

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 72
Note = Callable[[Any, Any], None]
"""Draws one thing with a renderer, at a scale; None for none."""


class CannotNoteError(Exception):
    """The figure holds something that depends on the number of dots, such as an image."""


class _Notes(RendererBase):
    """A renderer that takes notes.

    Attributes:
        notes: what was drawn, in its order.
    """

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self.notes: list[Note] = []
        self._size = (width, height)

    def get_canvas_width_height(self) -> tuple[float, float]:
        """In points."""
        return self._size

    def flipy(self) -> bool:
        """Places are counted from below."""
        return False

    def points_to_pixels(self, points: Any) -> Any:
        """A point is a dot here."""
        return points

    def draw_path(self, gc: Any, path: Any, transform: Any, face: Any = None) -> None:
        """Note a path."""
        look, frozen = _Look(gc), transform.frozen()
        self.notes.append(
            lambda renderer, scale: renderer.draw_path(look.on(renderer, scale), path, _at(frozen, scale), face)
        )

    def draw_markers(
        self,
        gc: Any,
        marker_path: Any,
        marker_trans: Any,
        path: Any,
        trans: Any,
        face: Any = None,
    ) -> None:
        """Note marks along a path."""
        look, mark, place = _Look(gc), marker_trans.frozen(), trans.frozen()
        self.notes.append(
            lambda renderer, scale: renderer.draw_markers(
                look.on(renderer, scale), marker_path, _at(mark, scale), path, _at(place, scale), face
            )
        )

    def draw_path_collection(  # type: ignore[override] # what follows differs between releases of matplotlib
        self, gc: Any, master: Any, paths: Any, *more: Any, **named: Any
    ) -> None:
        """Note several paths."""
        if not len(paths):
            return
        look, frozen, (transforms, offsets, offset_trans, *rest) = _Look(gc), master.frozen(), more
        shift = offset_trans.frozen()
        self.notes.append(
            lambda renderer, scale: renderer.draw_path_collection(
                look.on(renderer, scale),
                _at(frozen, scale),
                paths,
                transforms,
                offsets,
                _at(shift, scale),
                *rest,
                **named,
            )
        )

    def draw_quad_mesh(self, gc: Any, master: Any, *more: Any) -> None:
        """Note a table of colours."""
        look, frozen, (*mesh, offset_trans, faces, smooth, edges) = _Look(gc), master.frozen(), more
        shift = offset_trans.frozen()
        self.notes.append(
            lambda renderer, scale: renderer.draw_quad_mesh(
                look.on(renderer, scale), _at(frozen, scale), *mesh, _at(shift, scale), faces, smooth, edges
            )
        )

    def draw_text(self, gc: Any, x: float, y: float, s: str, *more: Any, **named: Any) -> None:
        """Note a line of text."""
        look = _Look(gc)

        def play(renderer: Any, scale: Any) -> None:
            across, up = (x, y) if scale is None else scale.transform((x, y))
            down = renderer.get_canvas_width_height()[1] - up if renderer.flipy() else up
            renderer.draw_text(look.on(renderer, scale), across, down, s, *more, **named)

        self.notes.append(play)

    def draw_image(self, *_: Any, **__: Any) -> None:
        """Images are not noted.

        Raises:
            CannotNoteError: always.
        """
        raise CannotNoteError


class _Look:
    """Colour, width and clip of what is drawn, as they are at this moment."""

    def __init__(self, gc: Any) -> None:
        self._gc = GraphicsContextBase()
        self._gc.copy_properties(gc)
        rectangle, (path, transform) = gc.get_clip_rectangle(), gc.get_clip_path()
        self._rectangle = None if rectangle is None else rectangle.frozen()
        self._path = None if path is None else (path, transform.frozen())

    def on(self, renderer: Any, scale: Any) -> Any:
        """The same for a renderer, at a scale."""
        gc = renderer.new_gc()
        gc.copy_properties(self._gc)
        if self._rectangle is not None:
            gc.set_clip_rectangle(self._rectangle if scale is None else TransformedBbox(self._rectangle, scale))
        if self._path is not None:
            path, transform = self._path
            gc.set_clip_path(TransformedPath(path, _at(transform, scale)))
        return gc


def _at(transform: Any, scale: Any) -> Any:
    return transform if scale is None else transform + scale


@contextmanager
def drawn_once(figure: Figure) -> Iterator[None]:
    """Within this, whatever a figure is saved as, it is drawn from notes that are taken once.

    A figure that cannot be noted is drawn as ever.

    Args:
        figure: not to be changed within this.
    """
    before = figure.dpi
    figure.set_dpi(POINTS)
    width, height = figure.bbox.size
    notes = _Notes(width, height)
    try:
        figure.draw(notes)
    except CannotNoteError:
        yield
        return
    finally:
        figure.set_dpi(before)

    def play(renderer: Any) -> None:
        scale = None if figure.dpi == POINTS else Affine2D().scale(figure.dpi / POINTS)
        for note in notes.notes:
            note(renderer, scale)

    figure.__dict__["draw"] = play
    try:
        yield
    finally:
        del figure.__dict__["draw"]
