"""Which of several metrics raises more alarms under damage: the same cells, paired, over one or several runs.

``compare([folder, ...])`` gives a :class:`Comparison`; ``write`` stores it. Nothing is scored here.
"""

from degrade_bench.compare.compare import compare
from degrade_bench.compare.options import CompareOptions
from degrade_bench.compare.result import Comparison, write

__all__ = ["CompareOptions", "Comparison", "compare", "write"]
