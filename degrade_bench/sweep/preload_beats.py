"""What workers have imported in addition before they are forked, where beats have to be found."""

from __future__ import annotations

from degrade_bench._support.librosa_modules import librosa_module

for _part in ("beat", "onset"):
    librosa_module(f"librosa.{_part}")
