"""Metrics that packages of other people compute; each needs an extra, and runs only where it is asked for."""
