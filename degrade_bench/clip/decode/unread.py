"""What a file is that cannot be decoded, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

CONVERT = "convert it, as with `ffmpeg -i {name} {flac}`"

_MAGIC = (
    (4, b"ftyp", "MPEG-4 audio (AAC or ALAC)"),
    (0, b"ADIF", "AAC audio"),
    (0, b"\xff\xf1", "AAC audio"),
    (0, b"\xff\xf9", "AAC audio"),
    (0, bytes.fromhex("3026b2758e66cf11"), "Windows Media audio"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (28, b"\x7fFLAC", "FLAC in an Ogg file"),
    (28, b"Speex   ", "Speex audio"),
    (28, b"\x80theora", "a film in an Ogg file"),
    (28, b"fishead", "an Ogg file with a skeleton"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack audio"),
    (0, b"DSD ", "DSD audio"),
    (0, b"FRM8", "DSD audio"),
    (0, b"TTA1", "TTA audio"),
    (0, b"#!AMR", "AMR audio"),
    (0, b"MThd", "a MIDI file"),
)
"""Where a file is told by which bytes to be what."""

_NO_AUDIO = (
    (b"<!doctype html", "an HTML page, as of a download that failed"),
    (b"<html", "an HTML page, as of a download that failed"),
    (b"version https://git-lfs", "a Git LFS pointer; `git lfs pull` fetches the file itself"),
)


def what_it_is(path: Path, head: bytes, said: str) -> str:
    """One clause that says why a file is not decoded, to be put after its path.

    Args:
        path: the file.
        head: its first bytes, a hundred or more.
        said: what the decoder said of it.
    """
    for start, name in _NO_AUDIO:
        if head.lstrip().lower().startswith(start):
            return f"not audio but {name}"
    convert = CONVERT.format(name=quote(path.name), flac=quote(f"{path.stem}.flac"))
    for offset, magic, name in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return f"{name} is not read here; {convert}"
    if path.suffix.lower() in (".m4a", ".mp4", ".aac", ".wma"):
        return f"{path.suffix.lower()} is not read here; {convert}"
    if "SF_INFO" in said:
        said = "its header gives a sample rate or a number of channels that cannot be"
    elif path.suffix.lower() == ".mp3" or "possibly a pipe" in said:
        said = "no whole MPEG frame is in it"
    if "unsupported" in said.lower() or "unimplemented" in said.lower():
        return f"not read here ({said}); {convert}"
    return f"not audio that can be decoded ({said})"
