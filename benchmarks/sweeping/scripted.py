"""The script that one would write, in a process of its own: so that it can call an earlier version's metrics, too.

    python -m sweeping.scripted CLIPS

For every clip, damage and level: a call of audiomentations or pedalboard, then the panel's metrics one by one.
Prints the damages and processor seconds per cell as JSON. Which version is called depends on ``PYTHONPATH`` alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything that counts threads is imported

import numpy as np
import torch
from degrading.peers import PAIRS
from degrading.settings import Call, Pair, Setting

import degrade_bench
from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import default_metrics

BENCHMARKS = Path(__file__).resolve().parents[1]
SCRIPTED = ("white_noise", "hard_clipping", "bit_depth", "low_pass", "mp3", "reverb", "pitch_shift", "echo")


@dataclass(frozen=True)
class Scripted:
    """What the script took.

    Attributes:
        damages: for which a peer is installed.
        seconds: of the processor, per cell.
    """

    damages: list[str]
    seconds: float


def scripted(clips: int, revision: str | None = None) -> Scripted:
    """Run the script in a process of its own.

    Args:
        clips: how many of the built-in ones.
        revision: the commit whose metrics are called; None for those of this working tree.

    Raises:
        CalledProcessError: it failed, or the repository does not have the commit.
    """
    if revision is None:
        return _run(BENCHMARKS.parent, clips)
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(BENCHMARKS), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            return _run(tree, clips)
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def _run(tree: Path, clips: int) -> Scripted:
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(tree), str(BENCHMARKS), *filter(None, [before])])
    done = subprocess.run(
        [sys.executable, "-m", "sweeping.scripted", str(clips)],
        check=True,
        cwd=BENCHMARKS,  # Python looks there first, and no package of ours lies there
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    if not Path(said.pop("package")).is_relative_to(tree):
        raise ImportError(f"the script called another degrade_bench than that of {tree}")
    return Scripted(**said)


def main() -> None:
    torch.set_num_threads(1)
    panel, _ = default_metrics({}, "cpu")
    clips = [source.load() for source in builtin_sources()[: int(sys.argv[1])]]
    pairs = [pair for pair in PAIRS if pair.name in SCRIPTED]
    calls = {clip.id: {pair.name: _calls(pair, clip) for pair in pairs} for clip in clips}
    ran = [pair.name for pair in pairs if all(calls[clip.id][pair.name] for clip in clips)]
    _scored(clips[0], calls[clips[0].id][ran[0]][:1], panel)  # imports and compiles
    started = time.process_time()
    cells = sum(_scored(clip, calls[clip.id][name], panel) for clip in clips for name in ran)
    seconds = (time.process_time() - started) / cells
    print(json.dumps({"damages": ran, "seconds": seconds, "package": degrade_bench.__file__}))


def _calls(pair: Pair, clip: Clip) -> list[Call]:
    """The calls on a clip, at every level, of the first peer that is installed; none where none is."""
    degradation = catalogue.get(pair.name)
    settings = []
    for level in pair.levels or degradation.ladder.levels:
        seed = cell_seed(0, clip.hash, *degradation.seed_key, 0)
        strength = degradation.ladder.strength(level)
        drawn = degradation.draw(clip, level, strength, generator(seed))
        settings.append(Setting(clip, strength, drawn.params))
    for make in pair.peers.values():
        with suppress(ImportError):
            calls = [make(setting) for setting in settings]
            calls[0](clip.samples.numpy().copy())  # some import only here
            return calls
    return []


def _scored(clip: Clip, calls: Sequence[Call], panel: Sequence[Metric]) -> int:
    """What the script does of one damage and clip; how many cells that were."""
    for call in calls:
        damaged = torch.from_numpy(np.ascontiguousarray(call(clip.samples.numpy().copy())))
        count = min(damaged.shape[-1], clip.num_samples)
        for metric in panel:
            reference = clip.samples[None, :, :count] if metric.needs_reference else None
            metric.score(damaged[None, :, :count], clip.sample_rate, reference)
    return len(calls)


if __name__ == "__main__":
    main()
