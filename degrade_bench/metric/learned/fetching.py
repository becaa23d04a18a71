"""Which metrics' files can be fetched beforehand, and fetching them."""

from __future__ import annotations

from collections.abc import Iterator

from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.metric.learned import clap, mert, places, songeval
from degrade_bench.metric.muq_eval import hub

REPOSITORIES = {
    **{repository.metric: repository for repository in (clap.REPOSITORY, mert.REPOSITORY)},
    **{f"songeval-{mark}": songeval.ENCODER for mark in songeval.MARKS},
}


def fetch(metric: str, revision: str | None = None, encoder_revision: str | None = None) -> Iterator[str]:
    """Fetch what a metric needs; yield lines that say what is done, the licence before anything else.

    Args:
        metric: its name.
        revision: of its weights on the hub: commit, tag or branch; None for the pinned one.
        encoder_revision: of MuQ-Eval's encoder, likewise.

    Raises:
        UnknownNameError: a metric that needs no files, or none.
        ConfigError: a revision of what the metric does not have.
        MetricError: the files cannot be had; says why and what to do.
    """
    if metric in hub.VARIANT_OF:
        yield from hub.fetch(metric, revision, encoder_revision)
        return
    if metric not in REPOSITORIES:
        raise UnknownNameError("metric to fetch", metric, (*hub.VARIANT_OF, *REPOSITORIES))
    if encoder_revision is not None:
        raise ConfigError(f"--encoder-revision {encoder_revision}: {metric} has no encoder of its own")
    yield from places.fetch(REPOSITORIES[metric], revision)
    asked = f" --set {metric}.revision={revision}" if revision else ""
    yield f"next: degrade-bench run --suite signal,structural --metric {metric}{asked} --out out"
