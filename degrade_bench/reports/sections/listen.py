"""Look and listen: one clip, clean and damaged, with pictures and sounds inside the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from degrade_bench._support.numbers import with_unit
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.sections.kept import Kept
from degrade_bench.reports.words import number
from degrade_bench.runs.columns import CLEAN
from degrade_bench.runs.played import Example, Panel, Picture

FEW = 12
"""Damages that are shown at once; of more, the first family's are, and the others' where they are asked for."""


def rows(run: RunView) -> dict[str, Any]:
    """The clean examples, one for each bit rate, and by family every damage with its picture and its examples.

    Raises:
        RunFolderError: a file leaves the folder, is no regular file, or is too large.
    """
    kept = Kept(run)
    cleans: list[dict[str, Any]] = []
    shown: dict[str, dict[str, Any]] = {}
    for picture in run.record.pictures:
        uri = kept.picture(picture.file)
        if uri is not None:
            shown[picture.degradation] = {**_shown(picture), "picture": as_picture(picture, uri)}
    for excerpt in run.record.examples:
        uri = kept.sound(excerpt.file)
        if uri is None:
            continue
        example = {**excerpt.model_dump(), "uri": uri}
        if excerpt.degradation == CLEAN:
            cleans.append(example)
        else:
            name = excerpt.placebo_of or excerpt.degradation
            shown.setdefault(name, _shown(excerpt))["examples"].append(example)
    record = run.record
    clips = [one.clip_id for one in record.examples] + [one.clip_id for one in record.pictures]
    return {
        "clip": next(iter(clips), None),
        "cleans": cleans,
        "families": _by_family(run, shown.values()),
        "few": len(shown) <= FEW,
        "all_played": all(damage["examples"] for damage in shown.values()),
        "seed": record.request.seed,
    }


def as_picture(picture: Picture, uri: str) -> dict[str, Any]:
    """What the template asks of a picture.

    Args:
        picture: as the record has it.
        uri: the image.
    """
    labels = [_label(panel, picture.degradation) for panel in picture.panels]
    said = ", ".join(" ".join(label) for label in labels)
    return {
        "uri": uri,
        "alt": f"{picture.degradation}, panels from left to right: {said}. {picture.caption}.",
        "caption": picture.caption,
        "labels": labels,
        "spans": [(round(panel.begins, 5), round(panel.ends, 5)) for panel in picture.panels],
    }


def _shown(one: Picture | Example) -> dict[str, Any]:
    """A damage, before its sounds are known."""
    name = (one.placebo_of or one.degradation) if isinstance(one, Example) else one.degradation
    return {"name": name, "summary": one.summary, "picture": None, "examples": []}


def _label(panel: Panel, degradation: str) -> tuple[str, str]:
    """What a panel shows, in a word or two, and its strength."""
    if panel.degradation == CLEAN:
        return CLEAN, ""
    strength = with_unit(number(panel.strength), panel.unit)
    return ("placebo" if panel.degradation != degradation else f"level {panel.level}"), strength


def _by_family(run: RunView, shown: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    kinds = {one.name: one for one in run.record.degradations}
    families: dict[str, list[dict[str, Any]]] = {}
    for damage in shown:
        kind = kinds.get(damage["name"])
        damage["group"] = "" if kind is None else kind.group
        families.setdefault("" if kind is None else kind.family, []).append(damage)
    return families


SECTION = Section(id="listen", title="Look and listen", link="Listen", template="listen.html.j2", rows=rows)
