"""How long a metric is waited for."""

TIMEOUT_SECONDS = 600.0
"""For one batch, before its process is ended, where nobody says otherwise."""
