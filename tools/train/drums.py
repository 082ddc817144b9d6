"""Drums alone, about a minute of them: what has no key."""

import bands
from piece import Piece


def make(rng, part, short=True):
    """A band's drummer without the band; long ones there are none."""
    band = bands.Band(rng, part, True)
    band.cast = "drums only"
    mix = band.mix()
    # Grooves without drums bring the band back.
    key = None if band.cast == "drums only" else band.key.name
    return Piece(
        "drums", band.genre, part, mix, band.clock, band.beats, band.metre, key, [], band.constant, band.cents, band.vocals, "natural"
    )
