"""What a paper says of a run: with its numbers, in short sentences, and with sources that BibTeX reads."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.reports.bibliography import EVERY_RUN, bibtex, publications
from degrade_bench.reports.methods import limits, methods, reproduction

MOST_WORDS = 30


def sentences(texts):
    return [one for text in texts for one in re.split(r"(?<=[.:])\s(?=[A-Z])", text)]


def test_the_methods_have_the_numbers_of_the_run(run):
    said = " ".join(methods(run))
    counts = run.record.counts
    for words in (
        *run.metrics,
        f"{counts.clips} clips",
        f"{len(run.degradations)} degradations",
        "seed 0",
        "α = 0.05",
    ):
        assert words in said
    assert f"{counts.ok:,} hold a score" in said


def test_no_sentence_is_long_under_either_rules(run):
    for rules in (1, 2):
        analysis = replace(run.analysis, options=AnalysisOptions(rules=rules, effect=0.3))
        changed = replace(run, analysis=analysis)
        for text in sentences([*methods(changed), *limits(changed)]):
            assert len(text.split()) <= MOST_WORDS, text


def test_limits_name_what_is_open_failed_estimated_or_elsewhere(run):
    record = run.record
    estimated = [
        clip.model_copy(update={"beat_source": "estimated", "beat_confidence": 0.3}) for clip in record.clips
    ]
    changed = record.model_copy(
        update={
            "clips": tuple(estimated),
            "counts": record.counts.model_copy(update={"failed": 1234}),
            "metrics": tuple(metric.model_copy(update={"domain": "speech"}) for metric in record.metrics),
        }
    )
    said = " ".join(limits(replace(run, record=changed)))
    assert "1,234 rows failed" in said
    assert f"Beats of {len(estimated)} clips were estimated" in said
    assert "Not made for music: si-sdr, log-mel and loudness." in said
    unsure = (run.analysis.verdicts["verdict"] == "inconclusive").sum()
    assert f"{unsure} of {len(run.analysis.verdicts)} verdicts are inconclusive" in said
    assert run.too_few is not None
    assert said.startswith("7 recordings × 4 damages: ")


def test_a_run_from_python_is_told_as_a_command_line(run):
    request = run.record.request.model_copy(
        update={"input": ("a song.wav",), "metric": ("si-sdr",), "limit_clips": 3}
    )
    told = shlex.split(reproduction(run.record.model_copy(update={"command": (), "request": request})))
    assert told[:4] == ["degrade-bench", "run", "--input", "a song.wav"]
    for option, value in (("--metric", "si-sdr"), ("--limit-clips", "3"), ("--seed", "0"), ("--out", "out")):
        assert told[told.index(option) + 1] == value
    given = ("degrade-bench", "run", "--input", "my songs")
    assert reproduction(run.record.model_copy(update={"command": given})) == "degrade-bench run --input 'my songs'"


def test_every_source_has_an_entry_that_bibtex_reads(run):
    source = "Some % of {braces} \\input_x & more"
    own = run.record.metrics[0].model_copy(update={"source": source})
    entries = bibtex(run.record.model_copy(update={"metrics": (own, *run.record.metrics[1:])}))
    for entry in entries:
        assert entry.count("{") == entry.count("}")
        assert re.match(r"@\w+\{[a-z0-9]+,\n", entry)
    keys = [re.match(r"@\w+\{(\w+),", entry)[1] for entry in entries]
    assert len(keys) == len(set(keys))
    text = "\n".join(entries)
    assert "title = {{Some \\% of braces input\\_x \\& more}}" in text
    assert "muqeval2026" in text, "white noise is from there"
    assert "romano2005stepwise" in text
    assert "this project" not in text


def test_publications_are_whole():
    for words, entry in publications().items():
        assert words.startswith(EVERY_RUN) or words
        for field in ("author", "title", "year"):
            assert f"  {field} = {{" in entry
