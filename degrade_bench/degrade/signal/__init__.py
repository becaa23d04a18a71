"""Damage to the sound: noise, clipping, bandwidth, codecs."""
