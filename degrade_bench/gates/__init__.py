"""Gates: thresholds on metrics at which clips are accepted or rejected, with error rates on held-out recordings.

``gate(folder)`` gives a :class:`Gates`; ``write`` stores it. Nothing is scored here. ``docs/gate.md`` says what is
decided, and how sure.
"""

from degrade_bench.gates.gate import gate
from degrade_bench.gates.options import GateOptions
from degrade_bench.gates.rates import Rate
from degrade_bench.gates.result import FamilyGate, Gates, Threshold, write

__all__ = ["FamilyGate", "GateOptions", "Gates", "Rate", "Threshold", "gate", "write"]
