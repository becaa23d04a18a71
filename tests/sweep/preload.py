"""What worker processes of the tests have imported before they are forked: what a user's have, and the toys."""

import importlib

for name in ("degrade_bench.sweep.preload", "tests.sweep.toys"):
    importlib.import_module(name)
