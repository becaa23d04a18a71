"""Write what Basic Pitch itself makes of two clips, for our tests: ``tests/metric/basic_pitch/golden.npz``.

    python scripts/basic_pitch_golden.py [--out FILE]

It runs the package's own code on its own network, in an environment of its own beside this package:

    pip install --no-deps basic-pitch==0.4.0 'resampy<0.4.3' pretty-midi mido
    pip install onnxruntime librosa mir_eval

Without TensorFlow it takes the network as ONNX. The golden file holds, as ``CLIP.POSTERIORS``, every 17th frame of
what ``run_inference`` gives, and as ``CLIP.frames`` how many there are.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from basic_pitch import ICASSP_2022_MODEL_PATH
from basic_pitch.inference import run_inference

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "degrade_bench" / "corpus" / "data"
GOLDEN = ROOT / "tests" / "metric" / "basic_pitch" / "golden.npz"
CLIPS = {"piano_solo": 5.0, "reggae": 1.9}
"""Clips of the built-in corpus, and how many seconds of them: three windows, and one that is not full."""
KEPT = slice(None, None, 17)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=GOLDEN)
    options = parser.parse_args()
    kept: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in CLIPS.items():
            audio, rate = soundfile.read(CORPUS / f"{name}.flac", dtype="float32")
            path = Path(folder) / f"{name}.wav"
            soundfile.write(path, audio[: round(seconds * rate)], rate, subtype="FLOAT")
            made = run_inference(path, ICASSP_2022_MODEL_PATH)
            kept[f"{name}.frames"] = np.array(len(made["note"]))
            kept |= {f"{name}.{key}": values[KEPT] for key, values in made.items()}
    np.savez_compressed(options.out, **kept)
    print(f"{options.out}: {len(kept)} arrays, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
