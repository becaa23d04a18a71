"""One static page from the hearing cards of many metrics: ``leaderboard.html``.

A card says what a metric hears; two cards can be compared where they are of the same music, the same damages and
the same release. Cards that cannot be compared stand in tables of their own, and the page says what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from degrade_bench._support.contained import parse_json, read_bytes
from degrade_bench._support.files import write_text
from degrade_bench.analysis.verdicts import VERDICT_MARKS, VERDICT_MEANINGS, Verdict
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.reports.card import FORMAT
from degrade_bench.reports.html import page_environment, page_script
from degrade_bench.runs.record import first_mistake

MOST_BYTES = 4 * 2**20
MOST_CARDS = 2000
SCRIPTS = ("tables.js",)

Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=1000)]
Count = Annotated[int, Field(ge=0)]


class Card(BaseModel):
    """A hearing card as ``degrade-bench card --json`` prints it; fields of newer releases are passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    format: Literal[1]
    metric: Name
    version: Text | int | None = None
    fingerprint: Name
    degrade_bench: Name
    higher_is_better: bool
    needs_reference: bool
    music: list[Text]
    suites: list[Text]
    seed: Count
    clips: Count
    recordings: Count | None = None
    nuisance_floor: float | None = None
    margin: float | None = None
    selectivity: Annotated[float, Field(ge=-1, le=1)] | None = None
    verdicts: dict[Text, list[Name]]

    @model_validator(mode="after")
    def _one_verdict_each(self) -> Card:
        """Every verdict is one that there is, and every damage has one."""
        for name in self.verdicts:
            if name not in VERDICT_MARKS:
                raise ValueError(f"verdicts: {name!r} is no verdict")
        if len(self.damages) != sum(map(len, self.verdicts.values())):
            raise ValueError("verdicts: a damage has two")
        return self

    @property
    def damages(self) -> frozenset[str]:
        """The damages that the metric was asked about."""
        return frozenset(name for names in self.verdicts.values() for name in names)

    @property
    def judged(self) -> int:
        """Damages to which the question applies."""
        return len(self.damages) - len(self.verdicts.get(Verdict.NOT_APPLICABLE.value, ()))

    @property
    def heard(self) -> int:
        """Damages that it is sensitive to."""
        return len(self.verdicts.get(Verdict.SENSITIVE.value, ()))

    @property
    def share(self) -> float:
        """Of those that apply, the share that it hears."""
        return self.heard / self.judged if self.judged else 0.0

    @property
    def setting(self) -> dict[str, str]:
        """What has to be alike for two cards to be compared, in words."""
        return {
            "music": ", ".join(self.music),
            "clips": f"{self.clips} clips of {self.recordings if self.recordings is not None else '?'} recordings",
            "suites": ", ".join(self.suites),
            "damages": f"{len(self.damages)} damages",
            "release": f"degrade-bench {self.degrade_bench}",
        }


def read_cards(places: Iterable[Path]) -> list[Card]:
    """The hearing cards in JSON files: one, or a list of them, in each.

    Args:
        places: files, and directories whose ``.json`` files are all read.

    Raises:
        RunFolderError: a file or directory is missing, cannot be read, or holds something else; says what.
        ConfigError: there is no card, or there are too many.
    """
    cards: list[Card] = []
    for place in places:
        cards += [card for path in _files(place) for card in _cards_in(path)]
    if not cards:
        raise ConfigError(
            "there is no hearing card to show: `degrade-bench card RUN --json > card.json` makes them"
        )
    if len(cards) > MOST_CARDS:
        raise ConfigError(f"{len(cards)} cards are too many for a page: expected at most {MOST_CARDS}")
    return cards


def _files(place: Path) -> list[Path]:
    try:
        if not place.is_dir():
            return [place]
        files = sorted(path for path in place.iterdir() if path.suffix == ".json")
    except OSError as error:
        raise RunFolderError(f"{place} cannot be read: {error.strerror or error}") from error
    if not files:
        raise RunFolderError(f"{place} holds no .json file")
    return files


def _cards_in(path: Path) -> list[Card]:
    try:
        content = parse_json(read_bytes(path.parent, path, MOST_BYTES))
    except FileNotFoundError:
        raise RunFolderError(f"{path} is not there") from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    cards = []
    for number, entry in enumerate(content if isinstance(content, list) else [content], 1):
        which = f"its card {number}" if isinstance(content, list) else "it"
        if not isinstance(entry, dict) or "format" not in entry or "verdicts" not in entry:
            raise RunFolderError(f"{path}: {which} is no hearing card")
        if entry["format"] != FORMAT:
            raise RunFolderError(f"{path}: {which} is of format {entry['format']!r}, expected {FORMAT}")
        try:
            cards.append(Card.model_validate(entry))
        except ValidationError as error:
            raise RunFolderError(f"{path}: {which} is no hearing card: {first_mistake(error)}") from error
    return cards


@dataclass(frozen=True)
class Table:
    """Cards that can be compared, the one that hears most first.

    Attributes:
        setting: what they have in common, in words.
        differs: in what they differ from the first table; empty for that.
        rows: the cards, each with its rank; equals share one.
        doubled: metrics that several cards are of.
    """

    setting: dict[str, str]
    differs: Sequence[str]
    rows: Sequence[tuple[int, Card]]
    doubled: Sequence[str]


def tables(cards: Iterable[Card]) -> list[Table]:
    """Cards in tables within which they can be compared, the largest table first.

    Args:
        cards: in any order; the same cards give the same tables.
    """
    alike: dict[tuple[Any, ...], list[Card]] = {}
    for card in cards:
        key = (tuple(card.setting.items()), tuple(sorted(card.damages)), card.seed)
        alike.setdefault(key, []).append(card)
    ordered = sorted(alike.items(), key=lambda item: (-len(item[1]), repr(item[0])))
    made = []
    for key, several in ordered:
        several = sorted(_once(several), key=lambda card: (-card.share, card.metric, card.fingerprint))
        ranks = [1 + sum(other.share > card.share for other in several) for card in several]
        names = [card.metric for card in several]
        first = dict(ordered[0][0][0])
        differs = [what for what, value in key[0] if value != first[what]]
        if not differs and key != ordered[0][0]:
            differs = ["damages" if key[1] != ordered[0][0][1] else "seed"]
        doubled = sorted({name for name in names if names.count(name) > 1})
        made.append(Table(dict(key[0]), differs, list(zip(ranks, several, strict=True)), doubled))
    return made


def _once(cards: Iterable[Card]) -> list[Card]:
    """Cards without their copies."""
    return list({card.model_dump_json(): card for card in cards}.values())


def write_leaderboard(places: Iterable[Path], target: Path) -> int:
    """Write the page.

    Args:
        places: files and directories of hearing cards.
        target: the page; a plain file that is there is replaced.

    Returns:
        how many cards it shows.

    Raises:
        RunFolderError: a card cannot be read, or the page cannot be written.
        ConfigError: there is no card, or there are too many.
    """
    cards = read_cards(places)
    write_text(target, leaderboard_page(cards))
    return len(cards)


def leaderboard_page(cards: Sequence[Card]) -> str:
    """The page of some cards.

    Args:
        cards: in any order.
    """
    environment = page_environment()
    return environment.get_template("leaderboard.html.j2").render(
        tables=tables(cards),
        marks=VERDICT_MARKS,
        meanings=VERDICT_MEANINGS,
        **page_script(environment, SCRIPTS),
    )
