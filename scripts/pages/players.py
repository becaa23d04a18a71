"""Players for the pages: the clip of a page's picture, clean, at every level and with the placebo.

They are the report's players, with its template, script and style. The MP3s stand inside the page: one that is
opened from a folder may not read files beside it, and a player that switches without a gap has to.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Rendered
from degrade_bench.errors import NotApplicableError
from degrade_bench.reports.html import page_environment
from degrade_bench.reports.inline import data_uri
from degrade_bench.reports.words import fixed, number
from degrade_bench.sweep.excerpts import common_gain, mp3
from degrade_bench.sweep.heard import Form
from degrade_bench.sweep.pictures.draw import kind_of
from degrade_bench.sweep.pictures.version import Version
from pages.canvas import PREFERENCE, Subject, subject
from pages.measure import rendered
from pages.page import PLAYERS
from pages.spectra import LOWEST_HZ, UNSEEN_DB, cells

EXCERPT_SECONDS = 5.0
FORM = Form(EXCERPT_SECONDS, 112)
"""More bits, as in the report, where the damage is what an MP3 itself does; for the others a site has no room."""
LEAD_SECONDS = 1.0
"""What is heard of the unharmed music before the place where order, time or notes first differ."""
BANDS, FRAME_SECONDS = 32, 0.03

ASSETS = ("players.js", "players.css")
"""The report's."""
STYLE = "players_on_site.css"
"""What the site's own style does not give them; beside this file."""


@dataclass(frozen=True)
class Excerpt:
    """One version that a page plays.

    Attributes:
        degradation: the damage, or its placebo.
        level: from 1; 0 for the clean clip.
        version: what is heard.
    """

    degradation: Degradation
    level: int
    version: Version


def section(name: str) -> str:
    """The players of a degradation as HTML; where there is nothing to hear, a sentence that says why."""
    degradation = catalogue.get(name)
    kind = kind_of(degradation)
    shown = subject(degradation, kind)
    if shown is None:
        return "<p>No clip of the built-in corpus can be damaged in this way, so there is nothing to hear.</p>"
    start = first_second(shown)
    made, missing = excerpts(shown, start)
    kbps = FORM.kbps_of(degradation)
    end = start + min(EXCERPT_SECONDS, shown.clip.duration)
    notes = [f"It is the clip of the picture, from {fixed(start)} to {fixed(end)} s, as MP3 of {kbps} kbps."]
    if any(output.plan.time_map is not None for output in shown.outputs.values()):
        notes.append("The damage moves the music in time: the middles of the excerpts are one place in it.")
    if shown.clip.id != PREFERENCE[kind][0]:
        notes.append(f"{PREFERENCE[kind][0]}, the first choice, cannot be damaged in this way at all levels.")
    notes += missing
    placebo = next((one for one in made if one.degradation is not degradation), None)
    if placebo is not None:
        ladder = placebo.degradation.ladder
        strength = f"{number(ladder.strength(placebo.level))} {ladder.unit}"
        notes.append(f"The placebo, at {strength}: {placebo.degradation.summary}.")
    clean, *damaged = [_as_played(one, degradation, shown.clip, uri) for one, uri in _encoded(made, kbps)]
    players = as_html(degradation, clean, damaged)
    return f'<div class="players">{players}<p>{escape(" ".join(notes))}</p></div>'


def as_html(degradation: Degradation, clean: Mapping[str, Any], damaged: Sequence[Mapping[str, Any]]) -> str:
    """The report's players of one damage; its picture stands on the page already.

    Args:
        degradation: what is played.
        clean: the clean version, as the template asks for it.
        damaged: the others.
    """
    damage = {
        "name": degradation.name,
        "summary": degradation.summary,
        "picture": None,
        "examples": damaged,
        "group": "",
    }
    template = page_environment().get_template("listen.html.j2")
    return template.render(
        clip=clean["clip_id"], cleans=[clean], families={"": [damage]}, few=True, all_played=True, seed=0
    )


def excerpts(shown: Subject, start: float) -> tuple[list[Excerpt], list[str]]:
    """Every version that a page plays: clean, every level, the placebo at its highest level; and what there is not.

    Args:
        shown: what the page's picture shows.
        start: where in the clean clip they begin, in seconds.

    Returns:
        the versions, and a sentence for each level that the clip cannot have.
    """
    degradation, clip = shown.degradation, shown.clip
    wanted = [(degradation, level) for level in degradation.ladder.levels]
    if degradation.placebo is not None:
        wanted.append((degradation.placebo, degradation.placebo.ladder.levels[-1]))
    outputs: list[tuple[Degradation, int, Rendered]] = []
    missing = []
    for one, level in wanted:
        output = shown.outputs.get(level) if one is degradation else None
        try:
            outputs.append((one, level, output or rendered(one, clip, level)))
        except NotApplicableError as error:
            what = f"Level {level}" if one is degradation else "The placebo"
            missing.append(f"{what} cannot be had of this clip: {error}.")
    middle = start + min(EXCERPT_SECONDS, clip.duration) / 2
    made = [Excerpt(degradation, 0, Version.of(clip, middle, EXCERPT_SECONDS))]
    for one, level, output in outputs:
        time_map = (
            output.plan.time_map
        )  # as the report has it: the middles of the excerpts are one place in the music
        at = middle if time_map is None else float(time_map(np.asarray(middle)))
        made.append(Excerpt(one, level, Version.of(output, at, EXCERPT_SECONDS)))
    return made, missing


def first_second(shown: Subject) -> float:
    """Where in the clean clip the excerpts begin, in seconds.

    What the lowest level does, the others do there too. So damage to the signal is heard where that level differs
    most; to order and notes, from a second before it first differs; to the tempo, in the middle of the clip.
    """
    clip = shown.clip
    latest = max(0.0, clip.duration - EXCERPT_SECONDS)
    lowest = shown.outputs[min(shown.outputs)]
    if (time_map := lowest.plan.time_map) is not None:
        place = time_map.gaps[0][0] - LEAD_SECONDS if time_map.gaps else latest / 2
    elif shown.degradation.group in ("signal", "control"):
        change = _change(clip, lowest)
        length = min(len(change), round(EXCERPT_SECONDS / FRAME_SECONDS))
        running = np.concatenate([[0.0], np.cumsum(change)])
        place = float(np.argmax(running[length:] - running[:-length])) * FRAME_SECONDS
    else:
        differs = np.flatnonzero(_change(clip, lowest) > UNSEEN_DB)
        place = float(differs[0]) * FRAME_SECONDS - LEAD_SECONDS if len(differs) else latest / 2
    return min(max(0.0, place), latest)


def _change(clip: Clip, output: Rendered) -> np.ndarray:
    """By how many dB each frame differs in the mean of its bands, as far as both clips last."""
    edges = np.geomspace(LOWEST_HZ, clip.sample_rate / 2, BANDS + 1)
    clean, damaged = (cells(one.samples.numpy(), one.sample_rate, edges, 2048) for one in (clip, output.clip))
    common = min(clean.shape[1], damaged.shape[1])
    floor = clean.max() - 80
    difference = np.maximum(damaged[:, :common], floor) - np.maximum(clean[:, :common], floor)
    return np.asarray(np.abs(difference).mean(axis=0))


def _encoded(made: list[Excerpt], kbps: int) -> list[tuple[Excerpt, str]]:
    """Each excerpt with its MP3 as an address: all at one gain, so that what was matched in loudness still is."""
    gain = common_gain(one.version for one in made)
    return [(one, data_uri("audio/mpeg", mp3(one.version, gain, kbps))) for one in made]


def _as_played(one: Excerpt, degradation: Degradation, clip: Clip, uri: str) -> dict[str, Any]:
    """What the report's template asks of an example.

    Args:
        one: the version.
        degradation: whose page it is.
        clip: the clean clip.
        uri: its MP3.
    """
    return {
        "clip_id": clip.id,
        "degradation": one.degradation.name,
        "summary": degradation.summary,
        "level": one.level,
        "strength": one.degradation.ladder.strength(one.level) if one.level else None,
        "unit": one.degradation.ladder.unit,
        "placebo_of": None if one.degradation is degradation else degradation.name,
        "kbps": None,  # the notes below the player say it
        "uri": uri,
    }


def put_into(page: Path, players: str) -> None:
    """Put the players of a degradation where its built page has the mark for them.

    Args:
        page: of the site, in a folder beside that of the assets.
        players: of :func:`section`.

    Raises:
        ValueError: the page does not have the mark once.
    """
    text = page.read_text(encoding="utf-8")
    if text.count(PLAYERS) != 1:
        raise ValueError(f"{page}: has the mark {PLAYERS} {text.count(PLAYERS)} times, and not once")
    styles = "".join(f'<link rel="stylesheet" href="../assets/{name}">' for name in (ASSETS[1], STYLE))
    script = f'<script src="../assets/{ASSETS[0]}"></script>'
    text = text.replace(PLAYERS, players).replace("</head>", f"{styles}</head>", 1)
    before, end, after = text.rpartition("</body>")
    page.write_text(f"{before}{script}{end}{after}", encoding="utf-8")


def copy_assets(folder: Path) -> None:
    """Write the script and the styles of the players.

    Args:
        folder: of the site's assets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    templates = files("degrade_bench.reports") / "templates"
    for name in ASSETS:
        (folder / name).write_text((templates / name).read_text(encoding="utf-8"), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name(STYLE), folder / STYLE)
