"""What music is here: clips, their annotations, time maps, audio files, beats, stems and loudness."""

from degrade_bench.clip.annotations import Annotations
from degrade_bench.clip.clip import Clip, check_samples
from degrade_bench.clip.time_map import TimeMap

__all__ = ["Annotations", "Clip", "TimeMap", "check_samples"]
