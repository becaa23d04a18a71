"""What listens: the protocol, the catalogue, the panel, MuQ-Eval and DNSMOS."""

OUTSIDE_RANGE = "outside_range"
"""The word under which scores outside a metric's ``score_range`` are counted in ``run.json``."""
