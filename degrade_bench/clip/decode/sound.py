"""An audio file that is open, and gives its samples in blocks, forward, from any place on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from degrade_bench._support.reading import open_regular
from degrade_bench.clip.decode.channels import wav_order
from degrade_bench.clip.decode.chunks import chunk_extent
from degrade_bench.clip.decode.extent import Extent, Stretches
from degrade_bench.clip.decode.mpeg import mpeg_extent
from degrade_bench.clip.decode.ogg import MAGIC, ogg_extent
from degrade_bench.clip.decode.unread import what_it_is
from degrade_bench.errors import AudioError

if TYPE_CHECKING:
    import soundfile

BLOCK_FRAMES = 1 << 12
"""How many samples per channel are read at once; where a decoder gives up, those of its last block are not read."""

LOWEST_HZ, HIGHEST_HZ = 1000, 1_536_000
"""Sample rates beyond these are mistakes of a header."""

UNKNOWN_FRAMES = 1 << 60
"""libsndfile gives a number beyond this where it does not know how many there are."""

_SEEKS_EXACTLY = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")
"""How the names of codecs begin that decode to the same samples from anywhere on. The others are decoded from the
beginning: after a seek the last bits of MPEG differ, and the last samples of Vorbis and ALAC are wrong ones."""


class Sound:
    """The sound of a file; to be used in a ``with`` statement.

    Args:
        path: the file.

    Attributes:
        rate: Hz.
        channels: how many.
        frames: samples per channel that the header promises and the file may have; None if it does not tell.
        damage: what is wrong with the file, as far as is seen; None if nothing is. Decoding may find something.

    Raises:
        AudioError: nothing here can decode it; the message names the file and says what it is.
        OSError: it cannot be opened, or is no regular file.
    """

    def __init__(self, path: Path) -> None:
        with ExitStack() as opened:
            self._file = opened.enter_context(open_regular(path))
            size = os.fstat(self._file.fileno()).st_size
            if size == 0:
                raise AudioError(f"{path}: the file is empty (0 bytes)")
            self._extent = _extent_of(self._file, size)
            self.damage = self._extent.damage
            self._links = self._extent.links or (((0, size),),)
            self._open_first(path)
            self._closing = opened.pop_all()

    def _open_first(self, path: Path) -> None:
        import soundfile

        most, self._undercounted = self._extent.most_frames, False
        try:
            if self._extent.head and most is not None:
                with self._open(0) as file:
                    self._undercounted = file.frames < most
            with self._open(0) as file:
                self.rate, self.channels = int(file.samplerate), int(file.channels)
                self._order = wav_order(file)
                self._exact = str(file.subtype).startswith(_SEEKS_EXACTLY)
                frames = int(file.frames)
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise AudioError(f"{path}: {self._why_not(path, error)}") from None
        if not LOWEST_HZ <= self.rate <= HIGHEST_HZ:
            raise AudioError(
                f"{path}: its header gives a sample rate of {self.rate} Hz; expected {LOWEST_HZ} to {HIGHEST_HZ} Hz"
            )
        self.frames = None if frames > UNKNOWN_FRAMES or len(self._links) > 1 else frames
        if most is not None:
            self.frames = most if self.frames is None else min(most, self.frames)

    def _why_not(self, path: Path, error: Exception) -> str:
        head = os.pread(self._file.fileno(), 128, 0)
        said = str(getattr(error, "error_string", error)).rstrip(".")
        if self.damage is not None:
            return f"{self.damage}; what is left of it cannot be decoded"
        return what_it_is(path, head, said)

    def __enter__(self) -> Sound:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def promised_frames(self) -> int | None:
        """Samples per channel that a whole file would have, by its header; None if it does not tell."""
        return self._extent.promised_frames or self.frames

    def blocks(self, first: int = 0) -> Iterator[np.ndarray]:
        """The samples from ``first`` on, in blocks of shape ``(time, channels)``, float32, channels in WAV's order.

        A block is valid until the next one is asked for. Ends where the file does, or where the decoder gives up;
        then :attr:`damage` says so.
        """
        import soundfile

        buffer = np.empty((BLOCK_FRAMES, self.channels), np.float32)
        left = self.frames
        for link in range(len(self._links)):
            try:
                with self._open(link) as file:
                    if (file.samplerate, file.channels) != (self.rate, self.channels):
                        self.damage = f"goes on with {file.channels} channels at {file.samplerate} Hz"
                        return
                    position = self._sought(file, first) if link == 0 else 0
                    first, left = first - position, left if left is None else left - position
                    while count := BLOCK_FRAMES if left is None else min(left, BLOCK_FRAMES):
                        block = file.read(count, dtype="float32", always_2d=True, out=buffer)
                        if not len(block):
                            break
                        kept, first = block[first:], max(0, first - len(block))
                        left = left if left is None else left - len(block)
                        if len(kept):
                            yield kept if self._order is None else kept[:, self._order]
            except (soundfile.SoundFileError, RuntimeError):
                self.damage = self.damage or "cut off or damaged"
                return

    def reaches(self, frame: int) -> bool:
        """Whether there is a sample at ``frame``, as far as can be told without decoding all before it."""
        import soundfile

        with self._open(0) as file:
            if not soundfile.SoundFile.seekable(file):
                return True
            try:
                file.seek(frame)
                return len(file.read(1, dtype="float32", always_2d=True)) > 0
            except (soundfile.SoundFileError, RuntimeError):
                return False

    def _sought(self, file: soundfile.SoundFile, first: int) -> int:
        """Go to a place from which the samples from ``first`` on are decoded as they would be in the whole."""
        import soundfile

        if not first or not self._exact:
            return 0
        try:
            return int(file.seek(first))
        except (soundfile.SoundFileError, RuntimeError):
            file.seek(0)
            return 0

    def _open(self, link: int) -> soundfile.SoundFile:
        if self._extent.links is not None:
            head = self._extent.head if link == 0 and self._undercounted else b""
            return _forward()(Stretches(self._file, self._links[link], head, self._extent.patch))
        os.lseek(self._file.fileno(), 0, os.SEEK_SET)
        return _forward()(self._file.fileno(), closefd=False)


def _extent_of(file: BinaryIO, size: int) -> Extent:
    file.seek(0)
    head = file.read(4)
    if head == MAGIC:
        return ogg_extent(file, size)
    if head == b"fLaC":
        return Extent()
    return chunk_extent(file, size) or mpeg_extent(file, size) or Extent()


@cache
def _forward() -> type[soundfile.SoundFile]:
    """The class of files that python-soundfile does not seek in by itself, which it does after every block."""
    import soundfile

    return type("Forward", (soundfile.SoundFile,), {"seekable": lambda self: False})
