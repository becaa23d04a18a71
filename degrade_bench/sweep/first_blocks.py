"""A metric that fails everywhere is told of after the first block that it scores, and not when all is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from degrade_bench.runs.columns import Row


class FirstBlocks:
    """Which metrics were heard of already: of each, only the first block that applies to it is looked at."""

    def __init__(self) -> None:
        self._heard: set[str] = set()

    def warnings(self, rows: Sequence[Row]) -> Iterator[str]:
        """A sentence for every metric whose first rows, those of one block, all failed.

        Args:
            rows: of one clip and block.
        """
        for metric in dict.fromkeys(row.metric for row in rows):
            applying = [row for row in rows if row.metric == metric and row.status != "not-applicable"]
            if metric in self._heard or not applying:
                continue
            self._heard.add(metric)
            if all(row.status == "failed" for row in applying):
                first = applying[0]
                yield (
                    f"metric {metric} failed in every cell of its first block ({first.degradation} of clip "
                    f"{first.clip_id}): {first.error}"
                )
