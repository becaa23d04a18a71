"""The command line in this process, and two clips to run it on."""

from __future__ import annotations

from pathlib import Path

import pytest

from degrade_bench.cli import app as cli
from degrade_bench.clip.audio import write_audio
from tests.conftest import make_clip


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run the command line in this process, in an empty directory; give exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> Path:
    """Two short generated clips with beat files."""
    folder = tmp_path_factory.mktemp("music")
    for seed in range(2):
        clip = make_clip(13.0, 22050, 1, seed=seed)
        write_audio(folder / f"clip{seed}.wav", clip.samples, clip.sample_rate)
        lines = [f"{t:.4f}\t{i % 4 + 1}" for i, t in enumerate(clip.annotations.beats)]
        (folder / f"clip{seed}.beats").write_text("\n".join(lines) + "\n")
    return folder
