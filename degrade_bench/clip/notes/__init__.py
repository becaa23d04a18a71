"""Music as notes: the symbolic score of a clip, standard MIDI files, and the renderer that plays it."""
