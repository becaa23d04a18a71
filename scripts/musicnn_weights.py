"""Write the weights of musicnn's networks that we ship, out of the checkpoints of the package ``musicnn``.

    python scripts/musicnn_weights.py [--out DIR]

The numbers stay as they are, bit for bit, in TensorFlow's order of axes. Their names change, and what the optimiser
kept is left out. It needs TensorFlow, which degrade-bench does not, and is run in an environment of its own:

    python3.11 -m venv tf && . tf/bin/activate
    pip install tensorflow-cpu==2.15.1 librosa==0.8.1 resampy==0.2.2 numpy==1.23.5 'numba<0.60' 'setuptools<80'
    pip install --no-deps musicnn==0.1.0

musicnn states numpy under 1.17 and librosa from 0.7 on. These versions are the nearest that go together with a
TensorFlow of today: librosa 0.8.1 has the defaults of 0.7, and numpy before 2.0 multiplies as 1.16 did.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

DATA = Path(__file__).resolve().parents[1] / "degrade_bench" / "metric" / "musicnn" / "data"
CHECKPOINTS = {"mtt": "MTT_musicnn", "msd": "MSD_musicnn"}
CONVOLUTIONS = (
    *("timbral_38", "timbral_67"),
    *("temporal_128", "temporal_64", "temporal_32"),
    *("middle_1", "middle_2", "middle_3"),
)
LAYERS = {
    "conv2d": CONVOLUTIONS,
    "batch_normalization": ("input", *CONVOLUTIONS, "pooled", "penultimate"),
    "dense": ("penultimate", "tags"),
}
"""Our names, in the order in which ``musicnn/models.py`` makes layers of a kind: TensorFlow numbers them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=DATA)
    out = parser.parse_args().out
    for name, checkpoint in CHECKPOINTS.items():
        reader = tf.compat.v1.train.NewCheckpointReader(f"{musicnn_folder() / checkpoint}/")
        weights = renamed({key: reader.get_tensor(key) for key in reader.get_variable_to_shape_map()})
        np.savez(out / f"{name}.npz", **weights)
        print(f"{name}: {len(weights)} arrays, {sum(array.size for array in weights.values())} numbers")


def musicnn_folder() -> Path:
    """Where the package is installed; importing it would load all of TensorFlow's layers."""
    spec = importlib.util.find_spec("musicnn")
    if spec is None or spec.origin is None:
        raise SystemExit("musicnn is not installed: pip install --no-deps musicnn==0.1.0")
    return Path(spec.origin).parent


def renamed(variables: dict[str, Any]) -> dict[str, np.ndarray]:
    """The network's variables under our names, in the order of these.

    >>> renamed({"conv2d_1/bias": 1, "conv2d_1/bias/Adam": 2, "beta1_power": 3})
    {'timbral_67.bias': 1}
    """
    kept = {}
    for key, values in variables.items():
        match = re.fullmatch(r"(conv2d|batch_normalization|dense)(?:_(\d+))?/(\w+)", key)
        if match:
            kind, number, part = match.groups()
            kept[f"{LAYERS[kind][int(number or 0)]}.{part}"] = values
    return dict(sorted(kept.items()))


if __name__ == "__main__":
    main()
