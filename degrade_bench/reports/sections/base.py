"""What a section of the report is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.inputs import RunView


def no_drawings(run: RunView) -> list[Drawing]:
    """The figures of a section that has none."""
    return []


@dataclass(frozen=True)
class Section:
    """One section of the page: a heading, what stands under it, and where that comes from.

    Attributes:
        id: the section's anchor, such as ``clips``.
        title: its heading.
        template: the file in ``templates/`` that writes what stands under the heading.
        rows: what the template shows, by the names that it uses; None where the run holds nothing of this, and
            then the section is left out, from the table of contents too. Besides these names a template has
            ``figures`` (see ``drawings``), the filters ``num``, ``fixed``, ``within``, ``p``, ``percent``,
            ``seconds``, ``when`` and ``unit``, and nothing else: a name that is not there is an error.
        link: the section's name in the table of contents, where the title is too long for that.
        drawings: the section's figures, none where the run holds nothing of them. They are saved in ``figures/``
            and stand in the template as ``figures``: a list in the same order, each with ``name``, ``caption``,
            ``alt``, ``heading``, ``width`` (in rem), ``uri`` (the SVG itself), ``pdf`` (its address beside the
            page) and ``points`` (see :class:`Drawing`); the macro ``figure`` of ``macros.html.j2`` shows one.
    """

    id: str
    title: str
    template: str
    rows: Callable[[RunView], Mapping[str, Any] | None]
    link: str = ""
    drawings: Callable[[RunView], list[Drawing]] = no_drawings
