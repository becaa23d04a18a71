"""Where learned metrics' files are published, and which metrics share them, by modules that need no torch."""

from __future__ import annotations

from degrade_bench.metric.learned.places import Repository

AUDIOBOX = Repository(
    metric="audiobox-pq",
    repo="facebook/audiobox-aesthetics",
    revision="9b1dd8e5df9af7216e836a98974fe3b82c56ded6",
    weights=("model.safetensors",),
    beside=("config.json",),
    licence="Audiobox Aesthetics' weights are licensed CC-BY 4.0, by their model card",
    size="0.42 GB",
    sha256={
        "model.safetensors": "a5a3c2412649cc2384ec525ffd5180ce6c4778f43bed6108e0a1303de04d014e",
        "config.json": "0b8eabc5ced92cefed116a3aca8f1e59d2a33dc4d376b9e86dfb9c072e1d280d",
    },
)
AXES = ("CE", "CU", "PC", "PQ")
"""In the package's order: content enjoyment, content usefulness, production complexity, production quality."""

CLAP = Repository(
    metric="clap",
    repo="lukewys/laion_clap",
    revision="b3708341862f581175dba5c356a4ebf74a9b6651",
    weights=(
        "music_audioset_epoch_15_esc_90.14.pt",
        "music_speech_audioset_epoch_15_esc_89.98.pt",
        "music_speech_epoch_15_esc_89.25.pt",
        "model.safetensors",
        "pytorch_model.bin",
    ),
    beside=(),
    licence="CLAP's weights are under CC0 1.0, by their model card",
    size="2.35 GB",
    sha256={
        "music_audioset_epoch_15_esc_90.14.pt": "fae3e9c087f2909c28a09dc31c8dfcdacbc42ba44c70e972b58c1bd1caf6dedd"
    },
)

MERT = Repository(
    metric="mert",
    repo="m-a-p/MERT-v1-95M",
    revision="12af15fef9d0ac838c3f475bfbbf26d2060dd4f5",
    weights=("model.safetensors", "pytorch_model.bin"),
    beside=("config.json", "preprocessor_config.json"),
    licence="MERT's weights are licensed CC-BY-NC 4.0: no commercial use",
    size="0.38 GB",
)

SONGEVAL_ENCODER = Repository(
    metric="songeval",
    repo="OpenMuQ/MuQ-large-msd-iter",
    revision="0562a57814f6f8bbd9fdea0a25921a2fce1a841a",
    weights=("model.safetensors", "pytorch_model.bin"),
    beside=("config.json",),
    licence="MuQ's weights are licensed CC-BY-NC 4.0, SongEval's CC BY-NC-SA 4.0 by its README: no commercial use",
    size="1.3 GB",
    setting="encoder",
)
MARKS = ("coherence", "musicality", "memorability", "clarity", "naturalness")
"""In the order of ``eval.py``."""
