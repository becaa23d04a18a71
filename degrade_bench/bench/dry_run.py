"""What a request would take, without carrying it out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from degrade_bench.bench.request import Resolved
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.names import EMBEDDINGS, RECORD, SCORES, SHARDS
from degrade_bench.runs.stored import fetched
from degrade_bench.sweep.forecast import Forecast, forecast
from degrade_bench.sweep.resume import check_same


def dry_run(resolved: Resolved) -> Forecast:
    """Look at what is left of a request, and at what it will take; no file of a run is written.

    Args:
        resolved: the request with its names resolved.

    Raises:
        DegradeBenchError: the request cannot be carried out.
    """
    with TemporaryDirectory() as nothing_done:
        out = Path(nothing_done) if resolved.config.overwrite else resolved.config.out
        with fetched(out, (RECORD, SCORES, SHARDS, EMBEDDINGS)) as path, RunFolder(path, only_looks=True) as folder:
            check_same(folder, resolved.sweep)
            return forecast(resolved.sweep, folder, resolved.engine)
