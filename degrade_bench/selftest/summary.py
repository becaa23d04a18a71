"""What the trials came to: the confusion matrix of verdicts, false alarms, coverage, and the claims on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from degrade_bench._support.files import write_text
from degrade_bench._version import __version__
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.runs.names import SELFTEST
from degrade_bench.runs.ownership import claim
from degrade_bench.selftest.trials import AT_MARGIN, AT_POWER, WAIVED, Trials, cases

SHOWN = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.FAILED)
"""The verdicts that there can be: a simulated metric never fails."""


@dataclass(frozen=True)
class Claim:
    """One thing that the analysis must do, and how often it did.

    Attributes:
        text: what is claimed.
        share: how often it happened.
        low, high: bounds that the share must lie in.
        trials: how many times it could have happened.
    """

    text: str
    share: float
    low: float
    high: float
    trials: int

    @property
    def holds(self) -> bool:
        """Whether the share lies within the bounds."""
        return self.low <= self.share <= self.high


def confusion(trials: Trials) -> pd.DataFrame:
    """One row per case and kind of damage: the share of each verdict, the expected one, and how many there were."""
    expected = {case.name: case.expected for case in cases(trials.clips)}
    rows = []
    for (case, kind), verdicts in trials.verdicts.groupby(["case", "kind"], sort=False)["verdict"]:
        counts, total = verdicts.value_counts(), len(verdicts)
        shares = {verdict: float(counts.get(verdict, 0)) / total for verdict in SHOWN}
        rows.append(
            {"case": case, "kind": kind, "expected": expected[case][kind].value, "verdicts": total, **shares}
        )
    return pd.DataFrame.from_records(rows)


def claims(trials: Trials) -> list[Claim]:
    """Every claim of the self-test with the figure that it rests on."""
    return list(_claims(trials))


def _claims(trials: Trials) -> Iterator[Claim]:
    verdicts = trials.verdicts

    def claim(text: str, low: float, high: float, case: str, verdict: Verdict, *kinds: str) -> Claim:
        return any_of(text, low, high, case, (verdict,), *kinds)

    def any_of(text: str, low: float, high: float, case: str, any_: tuple[Verdict, ...], *kinds: str) -> Claim:
        said = verdicts.loc[(verdicts["case"] == case) & verdicts["kind"].isin(kinds), "verdict"]
        return Claim(text, float(said.isin([verdict.value for verdict in any_]).mean()), low, high, len(said))

    every, structure = ("signal", "order", "structural"), ("order", "structural")
    yield claim("pure noise is called sensitive", 0, 0.05, "simulated-noise", Verdict.SENSITIVE, *every)
    yield claim("… also where no positive control is asked for", 0, 0.05, WAIVED, Verdict.SENSITIVE, *every)
    silent = Verdict.BLIND, Verdict.INCONCLUSIVE
    yield any_of("… and is then called blind or inconclusive", 0.95, 1, WAIVED, silent, *every)
    small = Verdict.BLIND, Verdict.FAINT
    yield any_of("a true drop of one margin is called blind or faint", 0, 0.05, AT_MARGIN, small, *structure)
    yield claim("a true drop of one margin is called sensitive", 0, 0.05, AT_MARGIN, Verdict.SENSITIVE, *structure)
    yield claim("deafness to structure: structural damage is blind", 0.9, 1, AT_POWER, Verdict.BLIND, *structure)
    yield claim(
        "… and signal damage of the promised drop is sensitive", 0.9, 1, AT_POWER, Verdict.SENSITIVE, "signal"
    )
    deaf = "simulated-deaf-to-structure"
    yield claim(
        "deafness to structure, a larger drop: structural damage is blind", 0.9, 1, deaf, Verdict.BLIND, *structure
    )
    yield claim("… and signal damage is sensitive", 0.9, 1, deaf, Verdict.SENSITIVE, "signal")
    deaf = "simulated-deaf-to-signal"
    yield claim("deafness to signal damage: it is blind", 0.9, 1, deaf, Verdict.BLIND, "signal")
    yield claim("… and structural damage is sensitive", 0.9, 1, deaf, Verdict.SENSITIVE, *structure)
    yield claim(
        "hearing joins only: a bar shuffle is an artefact", 0.9, 1, "simulated-joins", Verdict.ARTEFACT, "order"
    )
    yield claim("… and is called sensitive", 0, 0.05, "simulated-joins", Verdict.SENSITIVE, "order")
    yield claim("preferring damage: it is inverted", 0.9, 1, "simulated-inverted", Verdict.INVERTED, *every)
    yield claim("hearing everything: it is sensitive", 0.9, 1, "simulated-proportional", Verdict.SENSITIVE, *every)
    yield claim("… also under a ceiling", 0.9, 1, "simulated-ceiling", Verdict.SENSITIVE, *every)
    yield claim("reacting to gain only: damage is blind", 0.9, 1, "simulated-loudness", Verdict.BLIND, *every)
    for interval, counts in trials.coverage.groupby("interval", sort=False):
        covered, intervals = int(counts["covered"].sum()), int(counts["intervals"].sum())
        yield Claim(f"95 % intervals cover the true {interval}", covered / intervals, 0.93, 0.97, intervals)


def false_alarms(trials: Trials) -> pd.DataFrame:
    """How often a metric was said to hear what it does not hear, by case.

    Of every kind of damage that a case does not hear: the share of verdicts that are ``sensitive`` or ``inverted``,
    and the share of runs with any such verdict.
    """
    expected = {case.name: case.expected for case in cases(trials.clips)}
    rows = []
    for case, verdicts in trials.verdicts.groupby("case", sort=False):
        silent = (Verdict.BLIND, Verdict.INCONCLUSIVE)
        unheard = [kind for kind, verdict in expected[case].items() if verdict in silent]
        null = verdicts[verdicts["kind"].isin(unheard)]
        if null.empty or case == AT_MARGIN:
            continue
        wrong = null["verdict"].isin([Verdict.SENSITIVE.value, Verdict.INVERTED.value])
        per_run = wrong.groupby(null["run"]).any()
        rows.append(
            {"case": case, "verdicts": len(null), "share": float(wrong.mean()), "runs": float(per_run.mean())}
        )
    return pd.DataFrame.from_records(rows)


def write_summary(trials: Trials, folder: Path) -> Path:
    """Write ``selftest.json``.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    record: dict[str, Any] = {
        "package_version": __version__,
        "runs": trials.runs,
        "clips": trials.clips,
        "seed": trials.seed,
        "claims": [vars(claim) | {"holds": claim.holds} for claim in claims(trials)],
        "confusion": confusion(trials).to_dict("records"),
        "false_alarms": false_alarms(trials).to_dict("records"),
        "coverage": trials.coverage.to_dict("records"),
    }
    claim(folder, [SELFTEST])
    write_text(folder / SELFTEST, json.dumps(record, indent=1) + "\n")
    return folder / SELFTEST
