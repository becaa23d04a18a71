"""What this machine can do, what is missing, and the command that mends it.

Every check is asked on its own and none can end the others: one that fails to answer is reported as broken. Nothing
is downloaded, and no network is touched unless that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from rich.console import Console

from degrade_bench.cli import checks
from degrade_bench.cli.checks import MISSING, MUQ_EVAL, Check, Finding

MAIN_JOB = "degrade-bench run --suite signal,structural --out out"
INSTALL_MISSING = "pip install degrade-bench"
"""It is installed, so pip looks at what it requires, and installs that; no index needs to know the package."""


def examine(online: bool = False) -> list[Finding]:
    """Ask every check, in order."""
    online_checks = (checks.hub_answers,) if online else ()
    return [_asked(check) for check in (*checks.CHECKS, *online_checks)]


def _asked(check: Check) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        return check()
    except Exception as error:  # a broken installation may raise anything, and that is what is looked for
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        mend = INSTALL_MISSING if isinstance(error, ImportError) else _reinstall()
        return Finding(name, MISSING, f"broken: {reason}", mend, ("run",) if check in checks.NEEDED else ())


def _reinstall() -> str:
    """The command that puts this package there again, from where it was installed."""
    try:
        origin = json.loads(distribution("degrade-bench").read_text("direct_url.json") or "{}").get("url")
    except (PackageNotFoundError, ValueError):
        origin = None
    return f"pip install --force-reinstall --no-deps {origin or 'degrade-bench'}"


def can_run(findings: Sequence[Finding]) -> bool:
    """Whether the main job can run."""
    return not _missing("run", findings)


def _missing(what: str, findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.state == MISSING and {what, "run"} & set(finding.needed_for)]


def conclusion(findings: Sequence[Finding]) -> str:
    """What can be done now, in one line."""
    count = len(_missing("run", findings))
    parts = [f"not ready, {_things(count)} missing" if count else f"ready: {MAIN_JOB}"]
    for metric in (*MUQ_EVAL, "dnsmos"):
        count = len(_missing(metric, findings))
        parts.append(f"{metric}: " + (f"not ready, {_things(count)} missing" if count else "ready"))
    return "; ".join(parts)


def _things(count: int) -> str:
    return "1 thing" if count == 1 else f"{count} things"


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings for programs."""
    return [asdict(finding) for finding in findings]


def print_findings(findings: Sequence[Finding]) -> None:
    """What ``degrade-bench doctor`` shows: a line for each finding, what mends it, and what can be done now."""
    marks = {"ok": "[green]ok[/green]", "missing": "[red]missing[/red]", "note": "[yellow]note[/yellow]"}
    width = max(len(finding.name) for finding in findings)
    console = Console(soft_wrap=True, highlight=False)
    for finding in findings:
        space = " " * (len("missing") - len(finding.state) + 2)
        console.print(f"{marks[finding.state]}{space}{finding.name:<{width}}  ", end="")
        console.print(finding.text, markup=False)
        if finding.mend:
            console.print(f"{' ' * (width + 11)}→ {finding.mend}", markup=False)
    console.print(conclusion(findings), markup=False)
