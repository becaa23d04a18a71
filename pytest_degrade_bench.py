"""The pytest plug-in of degrade-bench: the fixture ``metric_bench``.

It stands beside the package, and imports it when a fixture asks for it, so that it costs nothing where none does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest


@pytest.fixture(scope="session")
def metric_bench_options() -> Mapping[str, Any]:
    """Arguments of :class:`degrade_bench.expect.Bench`; override this fixture in ``conftest.py``."""
    return {}


@pytest.fixture(scope="session")
def metric_bench(metric_bench_options: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Scores what assertions need, once in a session: ``assert_sensitive(metric, "hum", bench=metric_bench)``."""
    from degrade_bench.expect import Bench

    return Bench(**{"folder": tmp_path_factory.mktemp("degrade_bench"), **metric_bench_options})
