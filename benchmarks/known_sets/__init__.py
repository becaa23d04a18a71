"""Parts of the benchmark of set metrics: sets whose distributions are known, and what is made of them."""
