"""Damage to the music that leaves the sound: order, tempo, key."""
