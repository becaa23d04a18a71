"""What concludes, from the score table alone: drops, intervals, tests, verdicts.

``analyse(scores)`` for a table in memory; ``load_scores``, ``analyse_folder``, ``write`` and ``load_analysis`` for
run directories.
"""

from degrade_bench.analysis.analyse import analyse, analyse_folder
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.result import Analysis, load_analysis, write
from degrade_bench.analysis.table import load_scores

__all__ = ["Analysis", "AnalysisOptions", "analyse", "analyse_folder", "load_analysis", "load_scores", "write"]
