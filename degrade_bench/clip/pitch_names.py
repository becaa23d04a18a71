"""Names of keys and chords, and how they read when the music is transposed by whole semitones.

Keys are a tonic and a mode (``"C major"``, ``"F# minor"``, ``"Bb:min"``); chords are a root and a quality
(``"Am7b5"``, ``"D7/F#"``, ``"G:maj/3"``), as in the built-in corpus, in JAMS files and in lead sheets. ``"N"`` and
``"N.C."`` (no chord) and ``"X"`` (not known) name no pitch and stay.
"""

from __future__ import annotations

import re

SEMITONES_OF_LETTER = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""The usual names of major keys and chords, from C upwards in semitones."""
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""The same for minor ones."""

NO_PITCH = ("N", "N.C.", "NC", "X")
PITCH = r"(?P<letter>[A-G])(?P<accidentals>[#b]*)"
KEY = re.compile(PITCH + r"(?P<rest>$|[ :_]?(?i:maj|min)\w*$|m$|[ :_]\w+$)")
CHORD = re.compile(PITCH + r"(?P<rest>$|(?:maj|min|m|M|dim|aug|sus|add|dom|[-+°øΔ∆:/(^0-9]).*$)")
BASS = re.compile("/" + PITCH + "$")
MINOR = re.compile(r"[ :_]?(min|m(?!aj)|-|dim|hdim)")


def transposed_key(key: str, semitones: int) -> str | None:
    """A key, so many semitones higher; None where its name is not understood.

    >>> transposed_key("C major", 2), transposed_key("E minor", -1), transposed_key("atonal", 1)
    ('D major', 'Eb minor', None)
    """
    named = KEY.match(key)
    return None if named is None else _pitch(named, semitones) + named["rest"]


def transposed_chord(chord: str, semitones: int) -> str | None:
    """A chord with its bass note, so many semitones higher; None where its name is not understood.

    >>> transposed_chord("D7/F#", 3), transposed_chord("N", 3), transposed_chord("Tonic", 3)
    ('F7/A', 'N', None)
    """
    if chord in NO_PITCH:
        return chord
    named = CHORD.match(chord)
    if named is None:
        return None
    root = _pitch(named, semitones)
    bass = BASS.search(named["rest"])
    if bass is None:
        return root + named["rest"]
    return root + named["rest"][: bass.start()] + "/" + _bass(named, bass, root, semitones)


def _place(named: re.Match[str]) -> int:
    """Semitones above C of a pitch that was matched."""
    accidentals = named["accidentals"]
    return SEMITONES_OF_LETTER[named["letter"]] + accidentals.count("#") - accidentals.count("b")


def _pitch(named: re.Match[str], semitones: int) -> str:
    """The name of a tonic or a root, so many semitones higher."""
    names = MINOR_NAMES if MINOR.match(named["rest"]) else MAJOR_NAMES
    return names[(_place(named) + semitones) % 12]


def _bass(chord: re.Match[str], bass: re.Match[str], root: str, semitones: int) -> str:
    """The name of a bass note, as many letters from the new ``root`` as it was from the old one: A/C#, not A/Db."""
    letters = "".join(SEMITONES_OF_LETTER)
    steps = letters.index(bass["letter"]) - letters.index(chord["letter"])
    letter = letters[(letters.index(root[0]) + steps) % len(letters)]
    sharps = (_place(bass) + semitones - SEMITONES_OF_LETTER[letter] + 6) % 12 - 6
    return letter + ("#" * sharps if sharps > 0 else "b" * -sharps)
