"""A verdict is its text, with a mark and a meaning."""

from __future__ import annotations

import json

import pandas as pd

from degrade_bench.analysis.verdicts import VERDICT_NAMES, Verdict


def test_a_verdict_is_its_text_in_python_json_and_csv():
    assert [f"{verdict}" for verdict in Verdict] == list(VERDICT_NAMES)
    assert VERDICT_NAMES == (
        "sensitive",
        "faint",
        "blind",
        "inverted",
        "artefact",
        "inconclusive",
        "not-applicable",
        "failed",
    )
    assert json.dumps(list(Verdict)) == json.dumps(VERDICT_NAMES)
    assert pd.Series(list(Verdict)).to_csv(index=False, header=False).split() == list(VERDICT_NAMES)
    assert len({verdict.mark for verdict in Verdict}) == len(Verdict)
    assert all(verdict.meaning for verdict in Verdict)
