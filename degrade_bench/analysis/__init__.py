"""What concludes, from the score table alone: drops, intervals, tests, verdicts.

``load(folder)`` for notebooks; ``analyse(scores)`` for a table in memory; ``load_scores``, ``analyse_folder``,
``write`` and ``load_analysis`` for run directories.
"""

from degrade_bench.analysis.analyse import analyse, analyse_folder
from degrade_bench.analysis.designs import RunDesign, designs
from degrade_bench.analysis.notebook import Loaded, load
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.result import Analysis, load_analysis, load_options, write
from degrade_bench.runs.scores import load_scores

__all__ = [
    "Analysis",
    "AnalysisOptions",
    "Loaded",
    "RunDesign",
    "analyse",
    "analyse_folder",
    "designs",
    "load",
    "load_analysis",
    "load_options",
    "load_scores",
    "write",
]
