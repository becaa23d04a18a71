"""The contract on disk: what a run directory holds, and the one reader and writer of it."""
