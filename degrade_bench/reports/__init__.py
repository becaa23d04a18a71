"""What shows, from the analysis and the run's record alone: figures, HTML, text. Nothing is scored again.

``write_report(folder)`` draws every figure and writes ``report.html``; ``summary_lines(folder)`` is what the
command line prints last.
"""

from degrade_bench.reports.html import write_report
from degrade_bench.reports.text import summary_lines

__all__ = ["summary_lines", "write_report"]
