"""Drawing the figures of a run and saving each as PNG, SVG and PDF, named after what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from degrade_bench._support.files import folder_error, replacing
from degrade_bench.reports.curves import sensitivity_curves
from degrade_bench.reports.family import sensitivity_by_family
from degrade_bench.reports.heat_map import heat_map
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.people import has_people, people_figure, unmoved
from degrade_bench.reports.selectivity import distances, selectivity_figure, with_index
from degrade_bench.reports.style import RC
from degrade_bench.reports.words import fixed, listed, number, records
from degrade_bench.runs.names import FIGURES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}}
"""Formats, and the metadata that would make two drawings of the same figure differ."""


REM_PER_INCH = 6.7
"""A figure's natural width on the page: four panels of curves fill it, and one is a fourth of that."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure and what a reader is told about it.

    Attributes:
        name: file name without suffix.
        title: one line.
        caption: how to read it.
        alt: what it shows, for who cannot see it.
        figure: the drawing.
        family: the family whose curves it shows, or None.
    """

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure
    family: str | None = None

    @property
    def width_rem(self) -> float:
        """The greatest width on the page, in ``rem``: small figures stay small."""
        return round(float(self.figure.get_figwidth()) * REM_PER_INCH, 1)


def draw(run: RunView) -> list[Drawing]:
    """Every figure of a run; call within :func:`style`. What the analysis does not hold is not drawn."""
    drawings = [_heat_map(run)]
    if run.analysis.families["noticed"].notna().any():
        drawings.append(_by_family(run))
    if len(with_index(run.analysis.selectivity)):
        drawings.append(_selectivity(run))
    if has_people(run):
        drawings.append(_people(run))
    return drawings + [_curves(run, family) for family in run.families]


def _heat_map(run: RunView) -> Drawing:
    return Drawing(
        "heat_map_metric_by_degradation",
        "What each metric noticed",
        "Mean drop at the top level in multiples of the metric's margin (by default its nuisance floor: what "
        "it does under edits that nobody would call damage). Within −1 to 1 lies what it does anyway. The mark "
        "is the verdict, which also asks what the placebo did.",
        _heat_map_alt(run),
        heat_map(run),
    )


def _by_family(run: RunView) -> Drawing:
    return Drawing(
        "sensitivity_by_family",
        "By family",
        "Share of clips noticed at 5 % false alarms, less the placebo's: clips whose drop exceeds what the metric "
        "does under 95 % of the edits that are no damage, averaged over levels and degradations, minus the same "
        "share under the placebos. 1: every clip is heard at every level. 0: no more than the processing alone. "
        "Circles are families of signal damage, squares of structural damage; a diamond on a shaded row is the "
        "mean of its group's families. Lines are confidence intervals.",
        _families_alt(run),
        sensitivity_by_family(run),
    )


def _selectivity(run: RunView) -> Drawing:
    matched = listed(distances(run.analysis.selectivity))
    own = records(with_index(run.analysis.selectivity))
    said = ", ".join(f"{row['metric']} {fixed(row['index'])}" for row in own)
    return Drawing(
        "selectivity",
        "Signal against structure",
        "Selectivity: (S − T) ÷ (S + T), where S is the mean drop under signal damage and T under structural "
        "damage, both beyond the placebo and not below zero, over cells that change the audio by as much. "
        + (f"Physical change is matched with {matched}. " if matched else "")
        + "Lines are confidence intervals.",
        f"Selectivity index per metric, from −1, hears structure only, to +1, hears signal damage only: {said}.",
        selectivity_figure(run),
    )


def _people(run: RunView) -> Drawing:
    human = run.analysis.human_curves
    names = list(dict.fromkeys(human["degradation"]))
    undamaged = (human["rating"] + human["human_drop"]).max()
    still = unmoved(run)
    left_out = f" Not drawn, since nothing here moves them beyond their margin: {listed(still)}." if still else ""
    return Drawing(
        "people_pmqd",
        "Beside people",
        f"Black: by how much people's mean rating fell (PMQD, from the {number(undamaged)} of undamaged clips). "
        "Coloured: each metric's mean drop. Every curve, people's too, is divided by its own largest absolute mean "
        f"drop over all {len(human)} cells, so that heights compare damages within a curve, not metrics with one "
        f"another. A metric that hears as people do has people's shape in every panel.{left_out}",
        f"Normalised drop against level, a panel each for {listed(names)}: people's ratings beside the metrics. "
        + _people_alt(run),
        people_figure(run),
    )


def _curves(run: RunView, family: str) -> Drawing:
    names = [name for name in run.degradations if _family_of(run, name) == family]
    return Drawing(
        f"curves_{_file_word(family)}",
        f"Sensitivity curves: {family}",
        "Mean drop per level with its confidence interval; above zero the metric noticed. Grey lines are "
        "the placebos: the same processing with the music intact. The grey band is the nuisance floor.",
        f"Drop against level for {', '.join(names)}, one panel per metric, each beside its placebo.",
        sensitivity_curves(run, family),
        family,
    )


def save(drawings: list[Drawing], folder: Path) -> dict[str, bytes]:
    """Write ``figures/NAME.png``, ``.svg`` and ``.pdf``; figures of an earlier report are removed.

    Returns:
        the SVG of each figure, by name.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    target = folder / FIGURES
    wanted = {f"{drawing.name}.{suffix}" for drawing in drawings for suffix in FORMATS}
    try:
        target.mkdir(exist_ok=True)
        for old in target.iterdir():
            if old.name not in wanted and old.suffix.lstrip(".") in FORMATS:
                old.unlink()
    except OSError as error:
        raise folder_error(target, error) from error
    vectors = {}
    for drawing in drawings:
        drawing.figure.draw_without_rendering()
        drawing.figure.set_layout_engine("none")  # laid out once, not once per format
        for suffix, metadata in FORMATS.items():
            path = target / f"{drawing.name}.{suffix}"
            with replacing(path) as temporary:
                drawing.figure.savefig(temporary, format=suffix, dpi=160, metadata=metadata)
        vectors[drawing.name] = (target / f"{drawing.name}.svg").read_bytes()
    return vectors


def draw_and_save(run: RunView) -> tuple[list[Drawing], dict[str, bytes]]:
    """Draw and save every figure, with matplotlib's own settings left as they were.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # nobody's matplotlibrc decides how a report looks
        matplotlib.rcParams.update(cast(Any, RC))
        drawings = draw(run)
        return drawings, save(drawings, run.folder)


def _family_of(run: RunView, degradation: str) -> str:
    levels = run.analysis.levels
    return str(levels.loc[levels["degradation"] == degradation, "family"].iloc[0])


def _file_word(text: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in text)


def _heat_map_alt(run: RunView) -> str:
    verdicts = run.analysis.verdicts
    parts = [
        f"{metric}: " + ", ".join(f"{row['degradation']} {row['verdict']}" for _, row in own.iterrows())
        for metric, own in verdicts.groupby("metric", sort=False)
    ]
    return "Verdicts. " + "; ".join(parts) + "."


def _families_alt(run: RunView) -> str:
    families = run.analysis.families
    wholes = records(families[(families["family"].fillna("") == "") & families["noticed"].notna()])
    said = ", ".join(f"{row['metric']} {row['group']} {fixed(row['noticed'])}" for row in wholes)
    return "Share of clips noticed beyond the placebo, per family and metric. " + (
        f"Groups: {said}." if said else ""
    )


def _people_alt(run: RunView) -> str:
    people = run.analysis.people
    overall = records(people[(people["damage"] == "all") & people["rho"].notna()])
    said = ", ".join(f"{row['metric']} {fixed(row['rho'])}" for row in overall)
    return f"Rank correlation with people over all cells: {said}." if said else ""
