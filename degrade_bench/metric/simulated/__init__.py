"""Simulated metrics: they are told what was done to a clip, and their truth is known."""
