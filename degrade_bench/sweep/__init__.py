"""What runs: cells, their execution, storage and resumption."""
