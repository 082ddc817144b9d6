"""General MIDI notes to sound, by libfluidsynth, much faster than real time and on time.

The library renders in blocks of 64 frames and soundfonts' samples begin some milliseconds before they are heard, so
each instrument's delay is measured once by rendering it, and its notes are moved forward by that. Then what is
heard begins within about a millisecond of the time asked for.
"""

import ctypes
import glob
import os
from dataclasses import dataclass, field

import numpy as np

import parts

RATE = 44100
BLOCK = 64
MAX_LEAD_S = 0.04  # slow strings are not moved further than this: players start early, too, but not by more
LEAD = 40  # blocks rendered before time 0, so that notes there can be moved forward
FONTS = {
    os.path.basename(path).split(".")[0]: path
    for pattern in ("sf2/FluidR3_GM.sf2", "sf2/TimGM6mb.sf2", "sf2/OPL-3*.sf2", "sf2/sf_GMbank.sf2", "sf3/MuseScore_General_*.sf3")
    for path in glob.glob("/usr/share/sounds/" + pattern)
}
PLAIN_FONTS = [name for name in FONTS if not name.startswith("OPL")]  # all but the FM chip
FAMILIES = {"MuseScore_General_Full": "FluidR3_GM", "sf_GMbank": "TimGM6mb"}  # these share samples with those


@dataclass
class Track:
    """Notes for one instrument. Times in seconds; bus says which buffer of the result it is added to."""

    font: str
    program: int
    notes: list  # (time, length, pitch, velocity)
    bus: str = "music"
    drums: bool = False
    volume: int = 100
    pan: int = 64
    reverb: int = 30
    chorus: int = 0
    pedal: list = field(default_factory=list)  # (time, 0-127)


def part_fonts(program, part, drums=False, fonts=None):
    """The fonts whose sound for this program belongs to the part."""
    kind = "drums" if drums else "program"
    return [f for f in sorted(fonts or FONTS) if parts.part_of(f"{FAMILIES.get(f, f)}:{program}", kind) == part and has(f, program, drums)]


def draw_instrument(rng, part, programs, drums=False, fonts=None):
    """(font, program) of the part: one of programs if it has any, else its share's next neighbour."""
    choices = [(f, p) for p in programs for f in part_fonts(p, part, drums, fonts)]
    if not choices:
        choices = [(f, p) for q in programs for p in range(max(0, q - 8), min(128, q + 9)) for f in part_fonts(p, part, drums, fonts)]
    if not choices:
        choices = [(f, p) for p in range(128) for f in part_fonts(p, part, drums, fonts)]
    return choices[rng.integers(len(choices))]


class Synth:
    """One libfluidsynth, its fonts loaded when first asked for. Not for more than one thread."""

    def __init__(self):
        lib = ctypes.CDLL("libfluidsynth.so.3")
        pointer = ctypes.c_void_p
        for name in ("new_fluid_settings", "new_fluid_synth", "fluid_synth_get_sfont_by_id", "fluid_sfont_get_preset"):
            getattr(lib, name).restype = pointer
        lib.fluid_set_log_function(1, None, None)
        lib.fluid_set_log_function(2, None, None)
        settings = pointer(lib.new_fluid_settings())
        for name, value in (
            ("synth.dynamic-sample-loading", 1),
            ("synth.audio-channels", 16),
            ("synth.audio-groups", 16),
            ("synth.polyphony", 200),
            ("synth.lock-memory", 0),
            ("synth.cpu-cores", 1),
        ):
            lib.fluid_settings_setint(settings, name.encode(), value)
        for name, value in (("synth.sample-rate", float(RATE)), ("synth.gain", 0.5)):
            lib.fluid_settings_setnum(settings, name.encode(), ctypes.c_double(value))
        self.lib, self.pointer = lib, pointer
        self.synth = pointer(lib.new_fluid_synth(settings))
        self.ids, self.delays = {}, {}

    def font(self, name):
        if name not in self.ids:
            self.ids[name] = self.lib.fluid_synth_sfload(self.synth, FONTS[name].encode(), 0)
        return self.ids[name]

    def has(self, font, program, drums):
        sfont = self.pointer(self.lib.fluid_synth_get_sfont_by_id(self.synth, self.font(font)))
        return bool(self.lib.fluid_sfont_get_preset(sfont, 128 if drums else 0, program))

    def _select(self, channel, font, program, drums):
        self.lib.fluid_synth_set_channel_type(self.synth, channel, 1 if drums else 0)
        self.lib.fluid_synth_program_select(self.synth, channel, self.font(font), 128 if drums else 0, program)

    def _process(self, count, outs, effects):
        """Adds count frames to 16 stereo outs and to the effects' pair. Each is an address."""
        many, few = self.pointer * 32, self.pointer * 4
        self.lib.fluid_synth_process(self.synth, count, 4, few(*effects, *effects), 32, many(*outs))

    def delay_of(self, font, program, drums, pitches):
        """Seconds from a note-on to where its sound is heard to begin, for each pitch (melodic ones by the octave)."""
        names = {p: (font, program, drums, p if drums else 12 * (p // 12) + 6) for p in pitches}
        missing = sorted({name for name in names.values() if name not in self.delays})
        if missing:
            self._measure(missing)
        return {p: self.delays[names[p]] for p in pitches}

    def _measure(self, names):
        gap = 512 * BLOCK
        sound = np.zeros((2, gap * len(names)), np.float32)
        self.lib.fluid_synth_system_reset(self.synth)
        self._select(0, names[0][0], names[0][1], names[0][2])
        for channel_bus in (91, 93):
            self.lib.fluid_synth_cc(self.synth, 0, channel_bus, 0)
        scratch = np.zeros(gap, np.float32)
        for i, name in enumerate(names):
            self.lib.fluid_synth_noteon(self.synth, 0, name[3], 100)
            at = sound.ctypes.data + 4 * i * gap
            self._process(gap // 2, [at, at + 4 * sound.shape[1]] + [scratch.ctypes.data] * 30, [scratch.ctypes.data] * 2)
            self.lib.fluid_synth_all_sounds_off(self.synth, 0)
            at += 2 * gap
            self._process(gap // 2, [at, at + 4 * sound.shape[1]] + [scratch.ctypes.data] * 30, [scratch.ctypes.data] * 2)
        for i, name in enumerate(names):
            self.delays[name] = min(MAX_LEAD_S, onset_of(sound[:, i * gap : i * gap + gap // 2]) / RATE)

    def _events(self, tracks, channels):
        """All notes, pedals and set-ups as (block, order, call, arguments), in time."""
        events = []
        for track, channel in zip(tracks, channels):
            delays = self.delay_of(track.font, track.program, track.drums, sorted({n[2] for n in track.notes}))
            for time, length, pitch, velocity in track.notes:
                start = LEAD + round((time - delays[pitch]) * RATE / BLOCK)
                stop = max(start + 1, LEAD + round((time + length) * RATE / BLOCK))
                events.append((max(0, start), 1, self.lib.fluid_synth_noteon, (channel, int(pitch), int(velocity))))
                events.append((stop, 0, self.lib.fluid_synth_noteoff, (channel, int(pitch))))
            events += [
                (max(0, LEAD + round(time * RATE / BLOCK)), 2, self.lib.fluid_synth_cc, (channel, 64, int(value)))
                for time, value in track.pedal
            ]
        return sorted(events, key=lambda event: event[:2])

    def render(self, tracks, seconds, cents=0.0, room=(0.5, 0.4, 0.6, 0.3)):
        """{bus: 2 x frames} and, as bus 'room', the reverb and chorus of all. Up to 16 tracks; room: size, damping, width, level."""
        assert len(tracks) <= 16
        frames = (LEAD + int(np.ceil(seconds * RATE / BLOCK))) * BLOCK
        buses = {name: np.zeros((2, frames), np.float32) for name in sorted({t.bus for t in tracks} | {"room"})}
        channels = [i for i in range(len(tracks))]
        self._prepare(tracks, channels, cents, room)
        events = self._events(tracks, channels)
        self._prepare(tracks, channels, cents, room)
        scratch = np.zeros(4096 * BLOCK, np.float32)
        where = [(buses[t.bus].ctypes.data, 4 * frames) for t in tracks]
        fx = (buses["room"].ctypes.data, 4 * frames)
        block, total = 0, frames // BLOCK
        for at, _, call, arguments in events + [(total, 3, None, ())]:
            while block < min(at, total):
                count = min(at, total, block + 4096) - block
                offset = 4 * BLOCK * block
                outs = [a + offset + side for a, right in where for side in (0, right)]
                outs += [scratch.ctypes.data] * (32 - len(outs))
                self._process(count * BLOCK, outs, [fx[0] + offset, fx[0] + fx[1] + offset])
                block += count
            if call:
                call(self.synth, *arguments)
        return {name: sound[:, LEAD * BLOCK :] for name, sound in buses.items()}

    def _prepare(self, tracks, channels, cents, room):
        lib = self.lib
        lib.fluid_synth_system_reset(self.synth)
        lib.fluid_synth_set_reverb(self.synth, *(ctypes.c_double(v) for v in room))
        for track, channel in zip(tracks, channels):
            self._select(channel, track.font, track.program, track.drums)
            for control, value in ((7, track.volume), (10, track.pan), (91, track.reverb), (93, track.chorus)):
                lib.fluid_synth_cc(self.synth, channel, control, value)
            if not track.drums:
                lib.fluid_synth_pitch_wheel_sens(self.synth, channel, 2)
                lib.fluid_synth_pitch_bend(self.synth, channel, int(np.clip(8192 + 8192 * cents / 200, 0, 16383)))


def onset_of(sound, threshold=0.1, window_s=0.12):
    """The frame at which a sound (2 x frames) is heard to begin: where it first passes a tenth of the peak of its start."""
    level = np.abs(sound).max(axis=0)
    start = level[: int(window_s * RATE)]
    loud = np.flatnonzero(start > 1e-4 * max(1e-9, start.max()))
    if len(loud) == 0 or start.max() < 1e-6:
        return 0
    near = start[: loud[0] + int(0.06 * RATE)]
    return int(np.argmax(near > threshold * near.max()))


_synth = None


def synth():
    """The process's one synthesiser."""
    global _synth
    if _synth is None:
        _synth = Synth()
    return _synth


def preload():
    """Opens all fonts, so that processes forked from this one needn't."""
    for name in sorted(FONTS):
        synth().font(name)


def has(font, program, drums=False):
    return synth().has(font, program, drums)
