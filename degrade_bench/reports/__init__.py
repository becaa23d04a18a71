"""What shows, from the analysis and the run's record alone: figures, HTML, text. Nothing is scored again.

``write_report(folder)`` draws every figure and writes ``report.html``; ``summary_lines(folder)`` is what the
command line prints last.
"""

from degrade_bench.reports.choice import Choice
from degrade_bench.reports.text import summary_lines
from degrade_bench.reports.write import write_report

__all__ = ["Choice", "summary_lines", "write_report"]
