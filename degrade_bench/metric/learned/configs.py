"""The JSON files that lie beside weights, read with care."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from degrade_bench._support.contained import parse_json
from degrade_bench._support.reading import read_text_file
from degrade_bench.errors import MetricError


def read_config(path: Path, metric: str) -> dict[str, Any]:
    """The mapping in a file.

    Args:
        path: the file.
        metric: whose it is, for messages.

    Raises:
        MetricError: it cannot be read, or is no JSON object.
    """
    try:
        config = parse_json(read_text_file(path).encode())
    except (OSError, ValueError) as error:
        raise MetricError(f"{metric}: {path} cannot be read: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(config, dict):
        raise MetricError(f"{metric}: {path} is no JSON object")
    return config
