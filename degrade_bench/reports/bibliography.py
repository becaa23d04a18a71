"""Where the damages, metrics and statistics of a run come from, as BibTeX.

Sources are texts that a degradation or a metric states. ``templates/sources.bib`` holds publications, each under
the words by which a text means it; a text that means none of them is passed on as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from degrade_bench._support.plain_text import plain
from degrade_bench.runs.record import RunRecord

EVERY_RUN = "every run"
"""Stands over the publications that the verdicts of every run rest on."""
UNPUBLISHED = re.compile(r"this project|a volume knob|the choice of where|textbook mid/side", re.IGNORECASE)
"""Sources that are nobody's publication."""

_SPECIAL = re.compile(r"([&%$#_])")


def bibtex(record: RunRecord) -> list[str]:
    """An entry for the bench, for every source of a damage or metric of the run, and for the statistics.

    Args:
        record: of the run.
    """
    stated = [str(part.model_dump().get("source") or "") for part in (*record.metrics, *record.degradations)]
    texts = [text for text in dict.fromkeys(map(plain, stated)) if text]
    known = publications()
    meant = [entry for words, entry in known.items() if any(words in text for text in texts)]
    rest = [text for text in texts if not UNPUBLISHED.search(text) and not any(words in text for words in known)]
    release = f"version {record.package_version}" + (
        f", revision {record.git_revision}" if record.git_revision else ""
    )
    title = "degrade-bench: a controlled-degradation bench for music quality metrics"
    always = [entry for words, entry in known.items() if words.startswith(EVERY_RUN)]
    own = _misc("degradebench", title, author="{degrade-bench contributors}", note=release)
    return [own, *meant, *always, *(_misc(f"source{place}", text) for place, text in enumerate(rest, 1))]


@cache
def publications() -> Mapping[str, str]:
    """The publications, by the words of a source that mean each."""
    text = files("degrade_bench.reports").joinpath("templates", "sources.bib").read_text(encoding="utf-8")
    found = {}
    for block in text.strip().split("\n\n"):
        words, _, entry = block.partition("\n")
        found[words.removeprefix("% ")] = entry
    return found


def _misc(key: str, title: str, **fields: str) -> str:
    """An entry for what has no publication.

    Args:
        key: to cite it by.
        title: in any letters.
        fields: others.
    """
    values = {"title": f"{{{_escaped(title)}}}", **{name: _escaped(text, name) for name, text in fields.items()}}
    inside = ",\n".join(f"  {name} = {{{value}}}" for name, value in values.items())
    return f"@misc{{{key},\n{inside}\n}}"


def _escaped(text: str, field: str = "title") -> str:
    r"""A text in which nothing is a command; braces stay in the names of authors.

    >>> _escaped("1 % of {x}_1")
    '1 \\% of x\\_1'
    """
    kept = text if field == "author" else re.sub(r"[{}]", "", text)
    return _SPECIAL.sub(r"\\\1", re.sub(r"[\\~^]", "", kept))
