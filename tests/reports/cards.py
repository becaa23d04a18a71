"""Hearing cards made up for the tests."""

from __future__ import annotations

import json
from pathlib import Path


def card(name: str = "keen", **changed: object) -> dict[str, object]:
    verdicts = {"sensitive": ["hiss", "hum"], "blind": ["shuffle"], "not-applicable": ["wow"]}
    return {
        **{"format": 1, "metric": name, "version": "1", "fingerprint": f"{name}-f", "degrade_bench": "0.1.0"},
        **{"higher_is_better": True, "needs_reference": False, "music": ["album"], "suites": ["all"], "seed": 0},
        **{"clips": 14, "recordings": 14, "clean_mean": 1.0, "clean_sd": 0.1, "nuisance_floor": 0.1, "margin": 0.2},
        **{"selectivity": 0.5, "verdicts": verdicts, "detected_from": {}, "heard_from_level": {}, "later": 1},
        **changed,
    }


def written(folder: Path, *cards: dict[str, object]) -> Path:
    """A folder with a file of cards, two where none is given."""
    folder.mkdir()
    (folder / "cards.json").write_text(json.dumps(cards or [card(), card("deaf", verdicts={"blind": ["hiss"]})]))
    return folder
