"""MuQ-Eval A1 (arXiv 2603.22677), to the letter of its authors' code."""
