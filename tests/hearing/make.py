"""Take the scores of a run of ``tests/hearing/metrics.py`` into the tests: ``python -m tests.hearing.make OUT``.

The run is ``degrade-bench run --suite quick --out OUT``, with ``--metric tests/hearing/metrics.py:NAME`` for every
class that ``METRICS`` lists.
"""

from __future__ import annotations

import sys
from pathlib import Path

from degrade_bench.analysis import load_scores
from degrade_bench.runs.columns import ANALYSED


def main(folder: Path) -> None:
    """Write the columns that the analysis reads."""
    scores = load_scores(folder)[list(ANALYSED)]
    scores.to_parquet(Path(__file__).with_name("scores.parquet"), index=False, compression="zstd")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
