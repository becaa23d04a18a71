"""Learned models of music whose weights are fetched or brought along; each runs only where it is asked for."""

LEARNED = {
    "clap": "clap:Clap",
    "mert": "mert:Mert",
    "songeval-musicality": "songeval:SongevalMusicality",
    "songeval-coherence": "songeval:SongevalCoherence",
    "songeval-memorability": "songeval:SongevalMemorability",
    "songeval-clarity": "songeval:SongevalClarity",
    "songeval-naturalness": "songeval:SongevalNaturalness",
    "audiobox-pq": "audiobox:AudioboxPq",
    "audiobox-pc": "audiobox:AudioboxPc",
    "audiobox-ce": "audiobox:AudioboxCe",
    "audiobox-cu": "audiobox:AudioboxCu",
    "versa": "versa:Versa",
}
"""Where each is, by name."""
