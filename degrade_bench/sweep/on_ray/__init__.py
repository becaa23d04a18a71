"""A sweep on a Ray cluster: the same cells, the same rows, on the processors and devices of many machines."""
