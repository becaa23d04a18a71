"""Parts of the benchmark of seams: what is heard at a moment of a recording, and what was to be expected there."""
