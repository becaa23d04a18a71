"""Run directories in object storage: worked on in a local directory, and kept equal to it while a run goes on."""

from degrade_bench.runs.stored.reading import fetched, fetched_all
from degrade_bench.runs.stored.working import working

__all__ = ["fetched", "fetched_all", "working"]
