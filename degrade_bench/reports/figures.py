"""Drawing the figures of a run and saving each as PNG, SVG and PDF, named after what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from degrade_bench.files import folder_error, replacing
from degrade_bench.reports.curves import sensitivity_curves
from degrade_bench.reports.heat_map import heat_map
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.style import RC

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "figures"
FORMATS = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}}
"""Formats, and the metadata that would make two drawings of the same figure differ."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure and what a reader is told about it.

    Attributes:
        name: file name without suffix.
        title: one line.
        caption: how to read it.
        alt: what it shows, for who cannot see it.
        family: the family whose curves it shows, or None.
    """

    name: str
    title: str
    caption: str
    alt: str
    family: str | None
    figure: Figure


def draw(run: RunView) -> list[Drawing]:
    """Every figure of a run; call within :func:`style`."""
    drawings = [
        Drawing(
            "heat_map_metric_by_degradation",
            "What each metric noticed",
            "Mean drop at the top level in multiples of the metric's margin (by default its nuisance floor: what "
            "it does under edits that nobody would call damage). Within −1 to 1 lies what it does anyway. The mark "
            "is the verdict, which also asks what the placebo did.",
            _heat_map_alt(run),
            None,
            heat_map(run),
        )
    ]
    for family in run.families:
        names = [name for name in run.degradations if _family_of(run, name) == family]
        drawings.append(
            Drawing(
                f"curves_{_file_word(family)}",
                f"Sensitivity curves: {family}",
                "Mean drop per level with its confidence interval; above zero the metric noticed. Grey lines are "
                "the placebos: the same processing with the music intact. The grey band is the nuisance floor.",
                f"Drop against level for {', '.join(names)}, one panel per metric, each beside its placebo.",
                family,
                sensitivity_curves(run, family),
            )
        )
    return drawings


def save(drawings: list[Drawing], folder: Path) -> dict[str, bytes]:
    """Write ``figures/NAME.png``, ``.svg`` and ``.pdf``; figures of an earlier report are removed.

    Returns:
        the SVG of each figure, by name.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    target = folder / FOLDER
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
