"""Which metrics' files can be fetched beforehand, and fetching them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.metric.learned import places
from degrade_bench.metric.learned.repositories import (
    AUDIOBOX,
    AXES,
    CLAP,
    MARKS,
    MERT,
    SONGEVAL_ENCODER,
)
from degrade_bench.metric.muq_eval import hub

REPOSITORIES = {
    **{repository.metric: repository for repository in (CLAP, MERT)},
    **{f"audiobox-{axis.lower()}": AUDIOBOX for axis in AXES},
    **{f"songeval-{mark}": SONGEVAL_ENCODER for mark in MARKS},
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
    repository = replace(REPOSITORIES[metric], metric=metric)
    of_encoder = repository.setting == "encoder"
    wanted, other, option = (
        (encoder_revision, revision, "--revision")
        if of_encoder
        else (revision, encoder_revision, "--encoder-revision")
    )
    if other is not None:
        what = "its encoder is all that is fetched" if of_encoder else "it has no encoder of its own"
        raise ConfigError(f"{option} {other}: {metric}: {what}")
    yield from places.fetch(repository, wanted)
    setting = "encoder_revision" if of_encoder else "revision"
    asked = f" --set {metric}.{setting}={wanted}" if wanted else ""
    yield f"next: degrade-bench run --suite signal,structural --metric {metric}{asked} --out out"
