"""One recording, one track: clips with the same samples, of whatever files, are not independent of one another.

Files with the same bytes are known before anything is decoded (:mod:`degrade_bench.corpus.inputs`). That a WAV and
a FLAC file hold the same music is known only when both were read, so tracks are joined when all clips are there, in
the order of the clips: whichever worker was first, the table is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.corpus.tracks import joined
from degrade_bench.runs.record import ClipRecord


def with_joined_tracks(clips: Sequence[ClipRecord]) -> list[ClipRecord]:
    """The clips with one track for all tracks that share samples: the name of the first of them.

    Args:
        clips: in the order of the run.

    Returns:
        in the same order; ``same_as`` names the first clip with the same samples, where there is an earlier one.
    """
    stands_for = joined((("track", clip.track), ("samples", clip.hash)) for clip in clips)
    names: dict[object, str] = {}
    first: dict[str, str] = {}
    made = []
    for clip in clips:
        track = names.setdefault(stands_for["track", clip.track], clip.track)
        earlier = first.setdefault(clip.hash, clip.id)
        made.append(clip.model_copy(update={"track": track, "same_as": None if earlier == clip.id else earlier}))
    return made


def with_tracks_of(table: pa.Table, clips: Mapping[str, ClipRecord]) -> pa.Table:
    """A score table in which the rows of a clip have the clip's track.

    Args:
        table: with the columns ``clip_id`` and ``track``.
        clips: by id; of other clips the rows stay as they are.
    """
    ids = [name for name in pc.unique(table["clip_id"]).to_pylist() if name in clips]
    places = pc.index_in(table["clip_id"], value_set=pa.array(ids, pa.string()))
    joined_tracks = pa.array([clips[name].track for name in ids], pa.string()).take(places.combine_chunks())
    index = table.schema.get_field_index("track")
    return table.set_column(index, table.schema.field("track"), pc.coalesce(joined_tracks, table["track"]))
