"""How a metric that was made for something else than music is shown, wherever metrics are named."""

from __future__ import annotations

HOME = "music"
SIMULATION = "simulation"


def domain_note(domain: str) -> str | None:
    """What is said of a metric by what it was made for; None for a metric of music.

    >>> domain_note("speech")
    'made for speech: a wrong-domain control'
    """
    if domain == SIMULATION:
        return "simulated: it hears nothing, and its truth is known"
    return None if domain == HOME else f"made for {domain}: a wrong-domain control"
