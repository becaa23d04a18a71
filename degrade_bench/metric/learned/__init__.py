"""Learned models of music whose weights are fetched or brought along; each runs only where it is asked for."""
