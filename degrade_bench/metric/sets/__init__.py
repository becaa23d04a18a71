"""Metrics of sets: a set of clips against a reference set gives one value for every degradation and level."""

DISTANCES = ("frechet", "mmd", "precision", "recall", "density", "coverage", "mauve")
EMBEDDERS = ("musicnn-mtt", "musicnn-msd", "basic-pitch")

SET_METRICS = tuple(f"{distance}-{embedder}" for distance in DISTANCES for embedder in EMBEDDERS)
"""The names of the set metrics that come with the bench."""
