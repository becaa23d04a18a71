"""What ``--input`` names: a file, a folder, or a manifest; turned into clip sources without decoding."""

from __future__ import annotations

import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from degrade_bench._support.addresses import checked_address, is_stored, shown
from degrade_bench._support.object_server import ObjectError, may_pass
from degrade_bench._support.plain_text import plain
from degrade_bench._support.reading import check_regular
from degrade_bench.clip.audio import SUFFIXES
from degrade_bench.clip.notes.midi import is_midi
from degrade_bench.corpus.content import MISSING, UNREADABLE, digest_of
from degrade_bench.corpus.excerpts import Excerpt, parts_of
from degrade_bench.corpus.files import FileSource, id_of
from degrade_bench.corpus.folders import audio_files, holds_run
from degrade_bench.corpus.source import MOST_AT_ONCE, ClipSource
from degrade_bench.corpus.stored_folders import holds_stored_run, kind_at, stored_audio_files
from degrade_bench.corpus.tracks import with_tracks
from degrade_bench.errors import CorpusError, StorageError

_Answer = TypeVar("_Answer")

MANIFEST_SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class Skipped:
    """A clip that cannot be used, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class _Named:
    """A clip that an input names.

    Attributes:
        by_manifest: whether a manifest names it, which may name a recording as often as it likes.
        is_link: whether the file was reached through a link.
        size: of the file in bytes; 0 where it is not known, or there is none.
    """

    source: FileSource
    by_manifest: bool
    is_link: bool
    size: int


def sources_from(
    inputs: Sequence[Path],
    out: Path | None = None,
    excerpt: Excerpt | None = None,
    soundfont: Path | None = None,
) -> tuple[list[ClipSource], list[Skipped]]:
    """The clips that files, folders and manifests name, in order, with unique ids.

    Files with the same content are one recording. Where files and folders name it twice, it is taken once; a
    manifest may name it as often as it likes, and these clips get one track.

    Args:
        inputs: files, folders and manifests.
        out: a run directory, in which nothing is looked for.
        excerpt: what is read of files of which no manifest says a start or a duration; None for all.
        soundfont: what MIDI files are played on; None for what comes with the package.

    Raises:
        CorpusError: a path that does not exist or cannot be listed, a manifest with a mistake in it, or nothing
            that could be audio.
        StorageError: object storage that cannot be used.
    """
    named: list[_Named] = []
    skipped: list[Skipped] = []
    for path in inputs:
        inside, left_out = _named_by(path, out)
        named += inside
        skipped += left_out
    if not named:
        where = ", ".join(map(shown, inputs))
        endings = ", ".join(SUFFIXES[:7])
        why = f"; {skipped[0].id}: {skipped[0].reason}" if skipped else ""
        raise CorpusError(f"--input {where}: no audio found; looked for {endings}, …{why}")
    recordings = _recordings(named)
    first = _first_of_each(named, recordings)
    kept = [index for index in range(len(named)) if first[index] == index]
    files = [named[index].source for index in kept]
    heard = [replace(file, soundfont=soundfont) if is_midi(file.path) else file for file in files]
    tracked = with_tracks(heard, [recordings[index] for index in kept])
    parts = [parts_of(source, excerpt or Excerpt()) for source in tracked]
    sources = iter(_unique([part for several in parts for part in several]))
    ids = {index: [next(sources) for _ in several] for index, several in zip(kept, parts, strict=True)}
    for index, one in enumerate(named):
        if first[index] != index:
            same = ids[first[index]][0].id
            skipped.append(Skipped(one.source.id, f"the same recording as {same!r}, byte for byte"))
    return [source for several in ids.values() for source in several], skipped


def _named_by(path: Path, out: Path | None) -> tuple[list[_Named], list[Skipped]]:
    """What one input names."""
    if _is_folder(path):
        if holds_stored_run(path) if is_stored(path) else holds_run(path):
            raise CorpusError(f"--input {shown(path)} is a run directory, expected music")
        files, left_out = (stored_audio_files(path, out), []) if is_stored(path) else audio_files(path, out)
        inside = [
            _Named(
                FileSource(id=id_of(file.path.relative_to(path)), path=file.path),
                False,
                file.is_link,
                file.size or 0,
            )
            for file in files
        ]
        inside.sort(key=lambda one: (one.source.id, one.source.path.name))
        return inside, [Skipped(name, reason) for name, reason in left_out]
    if path.suffix.lower() in MANIFEST_SUFFIXES:
        from degrade_bench.corpus.manifest import read_manifest

        sources = read_manifest(path)
        sizes = _each(_size, [source.path for source in sources])
        return [_Named(source, True, False, sizes[source.path]) for source in sources], []
    source = FileSource(id=id_of(Path(path.name)), path=path)
    return [_Named(source, False, path.is_symlink(), _size(path))], []


def _is_folder(path: Path) -> bool:
    """Whether an input is a folder, or else a file.

    Raises:
        CorpusError: it is neither.
        StorageError: another kind of address, or storage that cannot be used.
    """
    kind = kind_at(path) if is_stored(checked_address(path, "--input")) else None
    if kind is None and not os.path.exists(path):
        raise CorpusError(f"--input {shown(path)}: no such file or folder")
    return kind == "folder" or os.path.isdir(path)


def _recordings(named: Sequence[_Named]) -> list[str]:
    """For every file, what is equal for files with the same content: a digest where there is more than one."""
    paths = [one.source.path for one in named]
    sizes = {one.source.path: one.size for one in named}
    shared = Counter(sizes.values())
    digests = _each(_digest, [path for path, size in sizes.items() if size > 0 and shared[size] > 1])
    keys = {path: f"content {digest}" for path, digest in digests.items() if digest is not None}
    return [keys.get(path) or f"path {os.path.abspath(path)}" for path in paths]


def _each(ask: Callable[[Path], _Answer], paths: Sequence[Path]) -> dict[Path, _Answer]:
    """What is known of files; of what lies in object storage many are asked about at a time.

    Args:
        ask: gives it.
        paths: the files.
    """
    far = [path for path in dict.fromkeys(paths) if is_stored(path)]
    with ThreadPoolExecutor(min(MOST_AT_ONCE, len(far)) or 1) as pool:
        known = dict(zip(far, pool.map(ask, far), strict=True))
    return known | {path: ask(path) for path in paths if path not in known}


def _digest(path: Path) -> str | None:
    """What is equal for files with the same content; None where it cannot be read."""
    with _inputs_storage(path):
        digest = digest_of(path)
    return None if digest in (MISSING, UNREADABLE) else digest


def _size(path: Path) -> int:
    """The size of a regular file; 0 where it is none."""
    with _inputs_storage(path):
        try:
            return check_regular(path)
        except OSError as error:
            if may_pass(error):
                raise
            return 0


@contextmanager
def _inputs_storage(path: Path) -> Iterator[None]:
    """Let what is wrong with object storage come as the error that the user is told."""
    try:
        yield
    except ObjectError as error:
        raise StorageError(f"--input {shown(path)}: {error}") from error


def _first_of_each(named: Sequence[_Named], recordings: Sequence[str]) -> list[int]:
    """For every clip the one that stands for its recording: itself, if it is not left out.

    A manifest's clips all stand. Else a manifest's whole file stands for a file beside it, and a file itself for
    links to it.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for index, recording in enumerate(recordings):
        places[recording].append(index)
    first = list(range(len(named)))
    for several in places.values():
        whole = [index for index in several if _is_whole(named[index])]
        best = min(
            whole, key=lambda index: (not named[index].by_manifest, named[index].is_link, index), default=None
        )
        for index in several:
            if best is not None and not named[index].by_manifest:
                first[index] = best
    return first


def _is_whole(one: _Named) -> bool:
    return one.source.start is None and one.source.duration is None


def _unique(sources: Sequence[FileSource]) -> Iterator[FileSource]:
    """Sources whose ids were the same get their suffix back, and then a number."""
    counts = Counter(source.id for source in sources)
    taken: set[str] = set()
    for source in sources:
        name = source.id if counts[source.id] == 1 else source.id + plain(source.path.suffix)
        numbered = (f"{name}#{number}" for number in itertools.count(2))
        free = name if name not in taken and (name == source.id or name not in counts) else None
        free = free or next(one for one in numbered if one not in taken and one not in counts)
        taken.add(free)
        yield source if free == source.id else replace(source, id=free)
