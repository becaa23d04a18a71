"""Write what musicnn itself makes of three clips, for our tests: ``tests/metric/musicnn/golden.npz``.

    python scripts/musicnn_golden.py [--out FILE]
    python scripts/musicnn_golden.py --whole DIR AUDIO...

It runs the package's own code on its own checkpoints by TensorFlow, in the environment that
``scripts/musicnn_weights.py`` describes. ``--whole`` writes all patches and layers of audio files instead, which
``benchmarks/musicnn.py`` compares with.

Of every clip the golden file holds ``CLIP.mel``, the mel power of its first patches, float16, from which musicnn
goes on; and as ``CLIP.MODEL.LAYER`` what becomes of it: ``tags`` and ``penultimate`` of all patches, pooled layers
of those whose ``mel`` is there, and some frames of the other layers of the first patch.

All patches of a clip are one batch here. The package has batches of one patch, and a mistake in the loop over them:
of ``cnn1`` to ``cnn3`` and ``penultimate`` it returns those of the first patch, once for every patch. Its tags are
right.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
from musicnn import configuration
from musicnn.extractor import batch_data, extractor

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "degrade_bench" / "corpus" / "data"
GOLDEN = ROOT / "tests" / "metric" / "musicnn" / "golden.npz"
CLIPS = {"piano_solo": 2, "reggae": 2, "chirp": 1}
"""Clips of the built-in corpus, and one that is 16 kHz already; how many patches' mel power is kept."""
MODELS = {"mtt": "MTT_musicnn", "msd": "MSD_musicnn"}
PATCH_FRAMES = 187
MOST_PATCHES = 10_000
FRAMES = slice(None, None, 62)
POOLED, IN_TIME = ("mean_pool", "max_pool"), ("timbral", "temporal", "cnn1", "cnn2", "cnn3")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=GOLDEN)
    parser.add_argument("--whole", type=Path, metavar="DIR", help="write one file per audio file there instead")
    parser.add_argument("files", type=Path, nargs="*", metavar="AUDIO")
    options = parser.parse_args()
    configuration.BATCH_SIZE = MOST_PATCHES
    if options.whole is not None:
        for path in options.files:
            np.savez(options.whole / f"{path.stem}.npz", **whole(path))
        return
    kept: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        chirp_file = Path(folder) / "chirp.wav"
        soundfile.write(chirp_file, chirp(), configuration.SR, subtype="FLOAT")
        for name, count in CLIPS.items():
            path = chirp_file if name == "chirp" else CORPUS / f"{name}.flac"
            kept |= {f"{name}.{key}": values for key, values in parts(whole(path), count).items()}
    np.savez_compressed(options.out, **kept)
    print(f"{options.out}: {len(kept)} arrays, {options.out.stat().st_size} bytes")


def chirp() -> np.ndarray:
    """Four seconds at 16 kHz, float32: two tones, one of which rises to 6 kHz; the tests make it again."""
    time = np.arange(4 * 16000) / 16000
    return (0.3 * np.sin(2 * np.pi * 220 * time) + 0.3 * np.sin(2 * np.pi * 750 * time**2)).astype(np.float32)


def whole(path: Path) -> dict[str, np.ndarray]:
    """All that musicnn makes of a file: ``mel``, and ``MODEL.LAYER`` with the patches first."""
    patches, _ = batch_data(str(path), PATCH_FRAMES, PATCH_FRAMES)
    made = {"mel": mel_power(path, patches)}
    for name, model in MODELS.items():
        tags, _, features = extractor(str(path), model=model)
        layers: dict[str, Any] = {"tags": tags, **features}
        for layer in IN_TIME:
            layers[layer] = layers[layer].reshape(len(patches), PATCH_FRAMES, -1)
        made |= {f"{name}.{layer}": np.asarray(values) for layer, values in layers.items()}
    return made


def mel_power(path: Path, patches: np.ndarray) -> np.ndarray:
    """The mel power that musicnn's patches are the logarithms of, float16."""
    audio, _ = librosa.load(path, sr=configuration.SR)
    power = librosa.feature.melspectrogram(
        y=audio,
        sr=configuration.SR,
        hop_length=configuration.FFT_HOP,
        n_fft=configuration.FFT_SIZE,
        n_mels=configuration.N_MELS,
    ).T.astype(np.float16)
    power = power[: len(patches) * PATCH_FRAMES].reshape(patches.shape)
    assert np.array_equal(np.log10(10000 * power + 1), patches)
    assert patches.dtype == np.float32
    return power


def parts(made: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """What is kept of a clip."""
    kept = {"mel": made["mel"][:count]}
    for model in MODELS:
        kept |= {f"{model}.{layer}": made[f"{model}.{layer}"] for layer in ("tags", "penultimate")}
        kept |= {f"{model}.{layer}": made[f"{model}.{layer}"][:count] for layer in POOLED}
        kept |= {f"{model}.{layer}": made[f"{model}.{layer}"][:1, FRAMES] for layer in IN_TIME}
    return kept


if __name__ == "__main__":
    main()
