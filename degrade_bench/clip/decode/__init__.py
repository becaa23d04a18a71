"""Decoding audio files: what of a file is sound, and its samples, block by block.

libsndfile does the decoding. What it does not say is found out here before: where a file is cut off or damaged, so
that what is missing is neither filled up nor passed over.
"""
