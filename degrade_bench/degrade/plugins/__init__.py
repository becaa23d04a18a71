"""Other libraries' effects as degradations: any audiomentations transform, any pedalboard plug-in or chain of them.

One named parameter makes the ladder; the others are fixed, or drawn and kept in the plan. Both are made in Python
or in a suite file (``docs/suites.md``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from degrade_bench.degrade.plugins.audiomentations import AudiomentationsDegradation
    from degrade_bench.degrade.plugins.pedalboard import PedalboardDegradation

__all__ = ["AudiomentationsDegradation", "PedalboardDegradation"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = name.removesuffix("Degradation").lower()
    return getattr(import_module(f"{__name__}.{module}"), name)
