"""Write the git revision that is being built into the package, so that an installed copy can say what it is."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RevisionHook(BuildHookInterface):
    """Adds ``degrade_bench/_revision.txt`` to a wheel built from a checkout; elsewhere it adds nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Ask git; an sdist or a machine without git leaves the revision unknown."""
        root = Path(self.root)
        if version == "editable" or not (root / ".git").exists():
            return
        try:
            head = self._git("rev-parse", "HEAD")
            dirty = self._git("status", "--porcelain", "--", "degrade_bench")
        except (OSError, subprocess.SubprocessError):
            return
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "_revision.txt"
        file.write_text(head + ("+dirty" if dirty else "") + "\n")
        build_data["force_include"][str(file)] = "degrade_bench/_revision.txt"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary file."""
        folder = getattr(self, "_folder", None)
        if folder is not None:
            folder.cleanup()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", self.root, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
