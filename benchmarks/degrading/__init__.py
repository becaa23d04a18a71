"""Parts of the benchmark of the degradations: clips, peers, timing, memory, the report."""
