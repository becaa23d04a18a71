"""Damage to the notes of a clip, which are then played anew: no cut, no join, no vocoder."""
