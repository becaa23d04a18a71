"""The metric `clap` against LAION's own modules, of the published size and with random weights.

    pip install --no-deps laion-clap==1.1.7 torchlibrosa==0.1.0 && pip install h5py
    python scripts/clap_check.py

Writes a checkpoint in LAION's format, embeds clips of the built-in corpus by both, from files as LAION loads them,
and prints the largest difference of a number of the embeddings, which are of length 1.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
import torch
from torch import nn

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.metric.learned.clap import REPOSITORY, ClapEmbedder
from degrade_bench.metric.learned.clap_contract import WINDOW_SAMPLES
from degrade_bench.metric.learned.places import in_folder

SECONDS = (11.0, 10.0, 3.3)
GAIN = 1.5
"""So that samples lie beyond full scale, where LAION cuts them off."""


def main() -> None:
    audio, projection = laions()
    with tempfile.TemporaryDirectory() as folder:
        parts = {"audio_branch": audio, "audio_projection": projection}
        state = {
            f"module.{part}.{name}": value
            for part, module in parts.items()
            for name, value in module.state_dict().items()
        }
        torch.save({"epoch": 15, "state_dict": state, "best": np.float64(1)}, Path(folder) / REPOSITORY.weights[0])
        embedder = ClapEmbedder.of(in_folder(REPOSITORY, Path(folder)))
        differences = []
        for samples, rate in clips():
            waveform = window(samples, rate, Path(folder) / "clip.wav")
            with torch.inference_mode():
                made = audio({"waveform": waveform, "longer": torch.tensor([[False]])}, device="cpu")["embedding"]
                theirs = nn.functional.normalize(projection(made), dim=-1)
            ours = embedder.embed(embedder.converted(samples[None], rate))[0]
            differences.append(float((ours - theirs).abs().max()))
            print(f"{samples.shape[1] / rate:.1f} s at {rate} Hz: {differences[-1]:.1e}", flush=True)
    print(f"at most {max(differences):.1e}")


def laions() -> tuple[nn.Module, nn.Module]:
    """The audio's network and its projection, without what the package imports for training."""
    spec = importlib.util.find_spec("laion_clap")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("laion-clap is not installed; see the head of this file")
    folder = Path(next(iter(spec.submodule_search_locations))) / "clap_module"
    package = types.ModuleType("clap_module")
    package.__path__ = [str(folder)]
    sys.modules["clap_module"] = package
    htsat: Any = importlib.import_module("clap_module.htsat")
    config = json.loads((folder / "model_configs" / "HTSAT-base.json").read_text(encoding="utf-8"))
    torch.manual_seed(0)
    audio = htsat.create_htsat_model(types.SimpleNamespace(**config["audio_cfg"])).eval()
    projection = nn.Sequential(nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 512)).eval()
    with torch.no_grad():
        for name, value in audio.named_parameters():
            if "extractor" not in name:  # what makes the spectrogram
                value += 0.02 * torch.randn_like(value)
        audio.bn0.running_mean.normal_(-30, 5)
        audio.bn0.running_var.uniform_(50, 200)
    return audio, projection


def clips() -> Iterator[tuple[torch.Tensor, int]]:
    loaded = [source.load() for source in builtin_sources()[:2]]
    for clip in loaded:
        for seconds in SECONDS:
            yield GAIN * clip.samples[:, : round(seconds * clip.sample_rate)], clip.sample_rate


def window(samples: torch.Tensor, rate: int, file: Path) -> torch.Tensor:
    """The middle ten seconds as LAION's ``hook.py`` makes ten seconds of a file, ``(1, 480000)``."""
    soundfile.write(file, samples.numpy().T, rate, subtype="FLOAT")
    audio, _ = librosa.load(file, sr=48000)
    audio = (np.clip(audio, -1.0, 1.0) * 32767.0).astype("int16")
    audio = (audio / 32767.0).astype("float32")
    if len(audio) > WINDOW_SAMPLES:
        first = (len(audio) - WINDOW_SAMPLES) // 2
        audio = audio[first : first + WINDOW_SAMPLES]
    audio = np.tile(audio, WINDOW_SAMPLES // len(audio))
    return torch.from_numpy(np.pad(audio, (0, WINDOW_SAMPLES - len(audio))))[None]


if __name__ == "__main__":
    main()
