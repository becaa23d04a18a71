"""What a run was made with: versions, revision, machine. Nothing here identifies a person or a folder."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = [
    "torch",
    "torchaudio",
    "muq",
    "transformers",
    "numpy",
    "scipy",
    "librosa",
    "soundfile",
    "soxr",
    "pedalboard",
    "lameenc",
    "audiomentations",
    "pandas",
    "pyarrow",
    "matplotlib",
]


def library_versions() -> dict[str, str | None]:
    """Installed versions of the libraries that a result may depend on; None where one is missing."""
    versions: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    import soundfile

    versions["libsndfile"] = soundfile.__libsndfile_version__
    return versions


def git_revision() -> str | None:
    """The revision of the source that runs, ``+dirty`` where it was changed; None where nobody wrote it down.

    An installed package knows the revision that it was built from, a checkout asks git.
    """
    package = Path(__file__).resolve().parents[1]
    built = package / "_revision.txt"
    if built.is_file():
        return built.read_text(encoding="ascii").strip()
    if not (package.parent / ".git").exists():
        return None
    git = ["git", "-C", str(package.parent)]
    try:
        head = _output([*git, "rev-parse", "HEAD"])
        dirty = _output([*git, "status", "--porcelain", "--", str(package)])
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+dirty" if dirty else "")


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


def python_version() -> str:
    """Of the interpreter that runs."""
    return platform.python_version()


def platform_name() -> str:
    """Such as ``Linux x86_64``."""
    return f"{platform.system()} {platform.machine()}"
