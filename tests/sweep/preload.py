"""What worker processes of the tests have imported before they are forked; nothing here computes."""

import importlib

for name in (
    "librosa.filters",
    "scipy.signal",
    "soxr",
    "degrade_bench.metric.catalogue",
    "degrade_bench.sweep.processes",
    "tests.sweep.toys",
):
    importlib.import_module(name)
