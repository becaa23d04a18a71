"""The sections of the report, in the order of the page.

A new section is a module here that ends with its ``SECTION``, a template beside the others in ``templates/``, and
its name in this file: in the import and in :data:`SECTIONS`. A figure of it is drawn there too, or in
``reports/figures`` where the drawing is long. To take a section away, take these away.
"""

from degrade_bench.reports.sections import (
    clips,
    curves,
    families,
    genres,
    listen,
    people,
    provenance,
    selectivity,
    trust,
    verdicts,
)
from degrade_bench.reports.sections.base import Section

SECTIONS: tuple[Section, ...] = (
    verdicts.SECTION,
    families.SECTION,
    selectivity.SECTION,
    people.SECTION,
    genres.SECTION,
    curves.SECTION,
    listen.SECTION,
    trust.SECTION,
    clips.SECTION,
    provenance.SECTION,
)

__all__ = ["SECTIONS", "Section"]
