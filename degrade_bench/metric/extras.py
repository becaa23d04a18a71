"""What is missing of the packages that a metric needs and an extra brings, and the command that installs it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping


def not_installed(modules: Mapping[str, str], extra: str) -> str | None:
    """What is not installed, and the command that installs it; None if nothing is missing.

    Args:
        modules: what is imported, and the package on the index that has it.
        extra: of this package.
    """
    missing = [package for module, package in modules.items() if importlib.util.find_spec(module) is None]
    return f"{' and '.join(missing)} not installed; {how_to(extra)}" if missing else None


def how_to(extra: str) -> str:
    """The command that installs an extra.

    >>> how_to("dnsmos")
    "pip install 'degrade-bench[dnsmos]'"
    """
    return f"pip install 'degrade-bench[{extra}]'"
