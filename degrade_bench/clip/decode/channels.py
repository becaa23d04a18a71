"""One order of channels, whatever the format: that of WAV.

Six channels are L R C LFE Ls Rs and eight L R C LFE and the pairs behind and beside; loudness and everything else
that tells channels apart relies on it. Vorbis and Opus have another order; CAF and AIFF name their channels.

Source: Vorbis I specification, 4.3.9; RFC 7845, 5.1.1.2; Microsoft, "Multiple Channel Audio Data and WAVE Files";
libsndfile's ``SFC_GET_CHANNEL_MAP_INFO``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import soundfile

VORBIS_ORDER = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}
"""Which channel of an Ogg file goes where in WAV's order, by their number."""

GET_CHANNEL_MAP = 0x1100
WAV_ORDER = (2, 3, 4, 11, 9, 10, 12, 13, 8, 14, 15)
"""libsndfile's numbers for left, right, centre, LFE, the two behind, the two beside the centre, the one behind, and
the two at the sides, as the bits of WAV's mask follow each other."""

ALIKE = {5: 2, 6: 3, 7: 4}
"""Front left, right and centre are the same as left, right and centre."""


def wav_order(file: soundfile.SoundFile) -> tuple[int, ...] | None:
    """Which of a file's channels goes where; None if they are in order, or nothing is known of them."""
    if file.channels < 3:
        return None
    if file.format == "OGG":
        return VORBIS_ORDER.get(file.channels)
    places = [ALIKE.get(place, place) for place in _channel_map(file)]
    if len(set(places)) < len(places) or not set(places) <= set(WAV_ORDER):
        return None
    order = sorted(range(len(places)), key=lambda channel: WAV_ORDER.index(places[channel]))
    return None if order == sorted(order) else tuple(order)


def ogg_order(channels: int) -> tuple[int, ...] | None:
    """Which channel in WAV's order goes where in an Ogg file; None where the two agree."""
    order = VORBIS_ORDER.get(channels)
    return None if order is None else tuple(order.index(channel) for channel in range(channels))


def _channel_map(file: soundfile.SoundFile) -> list[int]:
    """Libsndfile's numbers for the channels of an open file; as many zeros if it does not know them."""
    import soundfile

    numbers = soundfile._ffi.new("int[]", file.channels)  # python-soundfile has no public call for it
    soundfile._snd.sf_command(file._file, GET_CHANNEL_MAP, numbers, soundfile._ffi.sizeof(numbers))
    return list(numbers)
