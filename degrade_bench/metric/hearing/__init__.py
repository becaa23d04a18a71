"""Features of a signal that metrics share: named by the metric, computed once for all that name them."""
