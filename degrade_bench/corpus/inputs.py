"""What ``--input`` names: a file, a folder, or a manifest; turned into clip sources without decoding."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from degrade_bench.clip.audio import SUFFIXES
from degrade_bench.clip.stems import FOLDER_SUFFIX
from degrade_bench.corpus.files import FileSource
from degrade_bench.corpus.source import ClipSource
from degrade_bench.errors import CorpusError

MANIFEST_SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class Skipped:
    """A clip that cannot be used, and why."""

    id: str
    reason: str


def sources_from(inputs: Sequence[Path]) -> tuple[list[ClipSource], list[Skipped]]:
    """The clips that files, folders and manifests name, in order, with unique ids.

    Raises:
        CorpusError: a path that does not exist or cannot be listed, a manifest with a mistake in it, or nothing
            that could be audio.
    """
    sources: list[FileSource] = []
    skipped: list[Skipped] = []
    for path in inputs:
        if not path.exists():
            raise CorpusError(f"--input {path}: no such file or folder")
        if path.is_dir():
            inside, left_out = _folder(path)
            sources += inside
            skipped += left_out
        elif path.suffix.lower() in MANIFEST_SUFFIXES:
            from degrade_bench.corpus.manifest import read_manifest

            sources += read_manifest(path)
        else:
            sources.append(FileSource(id=path.stem, path=path))
    if not sources:
        where = ", ".join(str(path) for path in inputs)
        shown = ", ".join(SUFFIXES[:7])
        why = f"; {skipped[0].id}: {skipped[0].reason}" if skipped else ""
        raise CorpusError(f"--input {where}: no audio found; looked for {shown}, …{why}")
    return list(_unique(_with_tracks(sources))), skipped


def _folder(folder: Path) -> tuple[list[FileSource], list[Skipped]]:
    """Audio files of a folder and all below it, sorted; hidden ones and the stems of others are passed over."""
    sources, skipped = [], []

    def unlisted(error: OSError) -> None:
        place = Path(error.filename)
        skipped.append(Skipped(place.relative_to(folder).as_posix(), f"cannot be listed: {error.strerror}"))

    for root, folders, files in os.walk(folder, onerror=unlisted, followlinks=True):
        mixes = {Path(name).stem for name in files if Path(name).suffix.lower() in SUFFIXES}
        stems = {mix + FOLDER_SUFFIX for mix in mixes}
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in stems)
        for name in sorted(files):
            path = Path(root) / name
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                continue
            identifier = path.relative_to(folder).with_suffix("").as_posix()
            if path.exists():
                sources.append(FileSource(id=identifier, path=path))
            else:
                skipped.append(Skipped(identifier, "a link that leads nowhere"))
    sources.sort(key=lambda source: source.id)
    return sources, skipped


def _with_tracks(sources: Sequence[FileSource]) -> list[FileSource]:
    """Give clips of one file one track, named after the file; files of one name in two folders are two tracks."""
    labels: dict[Path, str] = {}
    names: Counter[str] = Counter()
    for path in dict.fromkeys(source.path.absolute() for source in sources):
        names[path.name] += 1
        labels[path] = path.name if names[path.name] == 1 else f"{path.name}#{names[path.name]}"
    return [source if source.track else replace(source, track=labels[source.path.absolute()]) for source in sources]


def _unique(sources: Sequence[FileSource]) -> Iterator[FileSource]:
    """Sources whose ids were the same get their suffix back, and then a number."""
    counts = Counter(source.id for source in sources)
    named = [
        replace(source, id=source.id + source.path.suffix) if counts[source.id] > 1 else source
        for source in sources
    ]
    seen: Counter[str] = Counter()
    for source in named:
        seen[source.id] += 1
        yield source if seen[source.id] == 1 else replace(source, id=f"{source.id}#{seen[source.id]}")
