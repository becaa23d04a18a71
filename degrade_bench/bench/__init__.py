"""The main job: take music, damage it, score it, conclude, report.

This is where the rooms meet: corpus → degrade → metric → sweep → analysis → reports.
"""

from degrade_bench.bench.dry_run import dry_run
from degrade_bench.bench.in_memory import stress_test
from degrade_bench.bench.job import run
from degrade_bench.bench.request import Resolved, resolve_request
from degrade_bench.bench.result import RunResult

__all__ = ["Resolved", "RunResult", "dry_run", "resolve_request", "run", "stress_test"]
