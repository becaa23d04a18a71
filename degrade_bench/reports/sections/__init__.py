"""The sections of the report, in the order of the page.

A new section is a module here that ends with its ``SECTION``, a template beside the others in ``templates/``, and
one line in :data:`ORDER`. A figure of it is drawn there too, or in ``reports/figures`` where it is long. To
take a section away, take these away.
"""

from importlib import import_module

from degrade_bench.reports.sections.base import Section

ORDER = (
    "summary",
    "verdicts",
    "families",
    "selectivity",
    "people",
    "twins",
    "genres",
    "curves",
    "recordings",
    "listen",
    "sets",
    "trust",
    "clips",
    "methods",
    "glossary",
    "provenance",
)
"""The modules of the sections."""

SECTIONS: tuple[Section, ...] = tuple(import_module(f"{__name__}.{name}").SECTION for name in ORDER)

__all__ = ["ORDER", "SECTIONS", "Section"]
