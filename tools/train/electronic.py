"""Electronic pieces: drawn from the tables in styles.py, sequenced in sections as DJs know them, synthesised and mixed.

How beats are counted is said in styles.py. Tempo is constant but for disco with a live drummer, whose truth follows the drummer.
"""

import numpy as np

import fluid
import master
import samples
import synth
import theory
import vocals
from fluid import RATE
from piece import Piece
from sequencer import Sequencer

KEY_PROGRAMS = (0, 1, 2, 4, 5, 11, 16, 17, 18, 48, 50, 51, 61, 62, 81, 88, 89, 90, 91)
LEAD_PROGRAMS = (4, 11, 24, 25, 26, 40, 53, 54, 56, 57, 65, 66, 68, 73, 75, 80, 81, 82, 85, 87, 98, 104, 107, 114)  # voices, too, which are not vocals


class Composer(Sequencer):
    """One piece in the making. Each method adds to the stems or to the truth."""

    def __init__(self, rng, part, name=None, short=False):
        super().__init__(rng, part, name, short)
        minor = bool(rng.random() < self.style["minor"])
        family = str(rng.choice(self.style["family"]))
        self.loop, minor = theory.draw_progression(rng, family, part, minor)
        self.key = theory.draw_key(rng, minor, self.loop)
        self.cents = float(rng.uniform(-40, 40)) if rng.random() < 0.25 else 0.0
        self.chords = theory.chords_of(self.loop, self.key)
        self.span = max(len(self.chords), 4 if self.bars >= 8 else 2)
        self.vocals = []

    def compose(self):
        """Bass, chords, arpeggio and lead over one turn of the loop, in two versions."""
        rng, style = self.rng, self.style
        swing_friendly = self.swing > 0.3
        self.themes = []
        for turn in range(2):
            chords = (
                self.chords
                if turn == 0 or rng.random() < 0.6
                else theory.more_chords(rng, str(rng.choice(style["family"])), self.part, self.key)
            )
            span = max(len(chords), 4)
            onsets = [[0], [0, 2], [1, 3], [0.5, 1.5, 2.5, 3.5], [0, 0.75, 1.5, 2.5], [0, 1.5, 3], [0.75, 1.75, 2.5], [0, 0.75, 2, 2.75]]
            onsets = [o for o in onsets[rng.integers(len(onsets))] if o < self.metre]
            self.themes.append(
                {
                    "span": span,
                    "bass": theory.bass_line(rng, chords, self.metre, span, str(rng.choice(style["bass"])), int(rng.integers(26, 34))),
                    "pad": theory.comp(rng, chords, self.metre, span, [0], 60),
                    "chords": theory.comp(
                        rng, chords, self.metre, span, onsets, int(rng.integers(58, 70)), float(rng.choice([0.2, 0.45, 0.9]))
                    ),
                    "arp": theory.arpeggio(rng, chords, self.metre, span, float(rng.choice([0.25, 0.25, 0.5])), int(rng.integers(62, 74))),
                    "lead": theory.melody(rng, chords, self.key, self.metre, span, 64, 86, float(rng.uniform(0.3, 0.8)), swing_friendly),
                }
            )

    def draw_voices(self):
        """Who plays what: a synthesiser's patch, or a soundfont's program."""
        rng = self.rng
        chip = self.name in ("chiptune", "game waltz")
        chips = [n for n in synth.PATCHES if n.startswith("chip")]
        pick = lambda names: synth.Voice(str(rng.choice(names)), rng, self.cents)
        self.voices = {
            "bass": pick(
                ["chip triangle", "chip square"]
                if chip
                else ["808"]
                if "trap" in self.name or self.name == "drill"
                else ["acid bass"]
                if self.name == "acid"
                else ["reese bass", "growl bass", "sub bass"]
                if self.name in ("drum and bass", "dubstep")
                else synth.BASSES
            ),
            "pad": pick(chips[:2] if chip else synth.PADS),
            "chords": pick(chips if chip else synth.KEYS + ["super saw", "bright pad"]),
            "arp": pick(chips if chip else synth.PLUCKS),
            "lead": pick(chips if chip else synth.LEADS),
        }
        share = 0.5 if self.name in ("disco", "hip-hop", "lo-fi", "house", "downtempo", "electro swing", "reggaeton", "jungle") else 0.2
        self.programs = {}
        for role, pool in (
            ("chords", KEY_PROGRAMS),
            ("pad", (48, 49, 50, 51, 52, 53, 54, 88, 89, 90, 91, 92, 94, 95)),
            ("lead", LEAD_PROGRAMS),
            ("bass", (32, 33, 34, 35, 36, 38, 39)),
        ):
            if not chip and rng.random() < share * (0.6 if role == "bass" else 1):
                self.programs[role] = fluid.draw_instrument(rng, self.part, pool)
        self.parts_notes = {role: [] for role in self.voices}

    def section_tones(self, first, end, roles, theme):
        """One theme's roles over the bars of a section, turned as often as it takes."""
        span = theme["span"]
        for role in roles:
            for bar in range(first, end, span):
                offset, limit = bar * self.metre, end * self.metre
                for beat, length, pitch, velocity in theme[role]:
                    if offset + beat < limit - 1e-6:
                        self.parts_notes[role].append((offset + beat, min(length, limit - offset - beat), pitch, velocity))

    def sing(self):
        """A voice in some sections: sung, rapped, spoken or chopped. Returns its buffer, and notes when it sounds."""
        rng = self.rng
        target = np.zeros((2, self.frames), np.float32)
        rap = self.name in ("hip-hop", "trap", "slow trap", "drill", "uk garage", "lo-fi") and rng.random() < 0.5
        manner = "rap" if rap else str(rng.choice(["sung", "sung", "sung", "spoken", "chopped"]))
        singer = vocals.Singer(rng, self.part)
        tune = theory.melody(rng, self.chords, self.key, self.metre, self.span, 60, 79, float(rng.uniform(0.25, 0.6)))
        tune = vocals.breathe(rng, tune, self.metre, int(rng.choice([2, 4])))
        chop = tune[: int(rng.integers(2, 6))]
        spans = []
        for first, end, label in self.sections:
            if rng.random() > {"verse": 0.75, "break": 0.6, "drop": 0.55, "build": 0.3}.get(label, 0.15):
                continue
            begin, stop = first * self.metre, end * self.metre
            if manner == "spoken":
                spans += singer.speak(target, float(self.clock(begin)), float(self.clock(stop)))
            elif manner == "rap":
                beats = np.arange(begin, stop, 0.5 if self.bpm < 115 else 1.0)
                beats = beats[(rng.random(len(beats)) < 0.85) & (beats % (4 * self.metre) < 4 * self.metre - 1.5)]
                if len(beats) > 2:
                    spans += singer.rap(target, self.step_time(beats) + 0.01)
            else:
                span = self.metre if manner == "chopped" else self.span * self.metre
                notes = [n for n in (chop if manner == "chopped" else tune) if n[0] < span]
                sung = [
                    (float(self.clock(at + b)), float(self.clock(at + b + n) - self.clock(at + b)), p, v)
                    for at in range(begin, stop, span)
                    for b, n, p, v in notes
                    if at + b + n <= stop
                ]
                if manner == "chopped":
                    sung = [(t, min(d, 0.35), p, v) for t, d, p, v in sung]
                spans += singer.sing(target, sung, self.cents)
        self.vocals = spans
        return target

    def sound_tones(self):
        """All notes, by synthesiser or by soundfont."""
        stem_of = {"bass": "bass", "lead": "lead"}
        warp = lambda beat: float(self.step_time(beat)) if self.swing or self.loose else float(self.clock(beat))
        tracks = []
        for role, notes in self.parts_notes.items():
            stem = stem_of.get(role, "music")
            if role in self.programs:
                font, program = self.programs[role]
                timed = [(warp(b), max(0.05, float(self.clock(b + n)) - float(self.clock(b))), p, v) for b, n, p, v in notes]
                tracks.append(
                    fluid.Track(
                        font, program, timed, bus=stem, volume=110, pan=int(self.rng.integers(44, 84)), reverb=int(self.rng.integers(0, 60))
                    )
                )
            else:
                gain = {"pad": 0.22, "chords": 0.25, "arp": 0.25, "lead": 0.35, "bass": 0.6}[role]
                buffer = np.zeros((2, self.frames), np.float32)
                synth.play(buffer, notes, self.voices[role], warp)
                self.stems[stem] += gain * buffer
        if tracks:
            for bus, sound in fluid.synth().render(tracks, self.seconds, self.cents).items():
                self.stems[{"room": "music"}.get(bus, bus)] += 2.5 * sound[:, : self.frames]

    # --- sections ---

    def layers(self, label, index):
        """(drum kinds, tone roles, theme) of a section."""
        rng = self.rng
        tops = ["hat", "openhat", "ride", "perc", "shaker", "tamb", "rim", "ghost"]
        beat = ["kick", "snare", "clap"]
        some = lambda kinds, share: [k for k in kinds if rng.random() < share]
        theme = self.themes[int(rng.random() < 0.25)]
        if label in ("intro", "outro"):
            draw = rng.random()
            if draw < 0.5:
                drums, tones = ["kick"] + some(["snare", "clap"], 0.5) + some(tops, 0.5), some(["bass", "arp"], 0.25)
            elif draw < 0.7:
                drums, tones = some(tops, 0.5), some(["pad", "chords", "arp", "lead"], 0.6)
            else:
                drums, tones = [], some(["pad", "chords", "arp", "lead"], 0.6) or ["pad"]
        elif label == "verse":
            drums, tones = beat + some(tops, 0.7), ["bass"] + some(["pad", "chords", "arp"], 0.5) + some(["lead"], 0.25)
        elif label == "drop":
            drums, tones = beat + some(tops, 0.9), ["bass"] + some(["pad", "chords", "arp", "lead"], 0.6)
        elif label == "build":
            drums, tones = some(["kick", "clap", "hat"], 0.5), some(["pad", "chords", "arp", "lead"], 0.6) or ["chords"]
        else:  # break
            drums, tones = some(["hat", "perc", "shaker", "rim"], 0.25) if rng.random() < 0.5 else [], some(
                ["pad", "chords", "arp", "lead"], 0.6
            ) or ["pad"]
        if self.style["shape"] == "game" and label != "break":
            drums, tones = beat + some(tops, 0.6), ["bass", "lead"] + some(["arp", "chords", "pad"], 0.5)
        if self.style["shape"] == "ambient":
            drums = (some(beat, 0.5) + some(tops, 0.4)) if self.ambient_beat and label in ("verse", "drop") else []
            tones = ["pad"] + some(["arp", "lead", "bass", "chords"], 0.45)
        if self.drums_only:
            drums, tones = drums or ["hat", "perc"], []
        return drums, tones, theme

    def duck(self):
        """The kick presses bass and music down, as side chains do."""
        if not self.kicks or self.rng.random() > (0.85 if "X...X...X" in self.patterns[0].get("kick", "") else 0.3):
            return
        depth, length = self.rng.uniform(0.2, 0.95), int(self.rng.uniform(0.12, 0.35) * RATE)
        dip = 1 - depth * (1 - np.linspace(0, 1, length) ** self.rng.uniform(0.6, 2))
        gain = np.ones(self.frames)
        for time in self.kicks:
            frame = round(time * RATE)
            piece = gain[frame : frame + length]
            np.minimum(piece, dip[: len(piece)], out=piece)
        gain = np.convolve(gain, np.ones(90) / 90, "same").astype(np.float32)
        for name in ("bass", "music") + (("lead",) if self.rng.random() < 0.5 else ()):
            self.stems[name] *= gain

    def filters(self):
        """Sections behind a moving filter."""
        for first, end, label in self.sections:
            chance = {"intro": 0.35, "build": 0.45, "break": 0.4, "outro": 0.25}.get(label, 0.05)
            if self.rng.random() > chance or self.style["shape"] == "game":
                continue
            a, b = round(float(self.clock(first * self.metre)) * RATE), round(float(self.clock(end * self.metre)) * RATE)
            blocks = (b - a) // 512 + 1
            ramp = np.linspace(0, 1, blocks)
            if label == "build" and self.rng.random() < 0.5:
                names, kind, cutoffs = ("kick", "drums", "music", "bass"), "high", 30 * (self.rng.uniform(300, 1500) / 30) ** ramp
            else:
                low = self.rng.uniform(150, 900)
                up = label != "outro"
                names, kind = (("music", "lead"), ("music", "bass"), ("kick", "drums", "music", "bass"))[self.rng.integers(3)], "low"
                cutoffs = low * (16000 / low) ** (ramp if up else 1 - ramp)
            for name in names:
                self.stems[name][:, a:b] = master.sweep_filter(self.stems[name][:, a:b], cutoffs, kind)

    def space(self):
        """Echo in time with the beat, and a room."""
        rng = self.rng
        if rng.random() < 0.6:
            delay = round(60.0 / self.bpm * float(rng.choice([0.5, 0.75, 1.0])) * RATE)
            echo, gain = self.stems["lead"].copy(), 1.0
            for turn in range(1, 4):
                gain *= rng.uniform(0.25, 0.55)
                self.stems["lead"][:, delay * turn :] += gain * echo[:, : self.frames - delay * turn][:: -1 if turn % 2 else 1]
        send = self.stems["music"] * rng.uniform(0.1, 0.5) + self.stems["lead"] * rng.uniform(0.2, 0.7) + self.stems["effects"] * 0.3
        send += self.stems["drums"] * (rng.uniform(0, 0.25) if rng.random() < 0.6 else 0.0)
        if self.name in ("techno", "dubstep") and rng.random() < 0.5:  # the rumble under a techno kick
            send += self.stems["kick"] * 0.3
        return master.reverb(
            send, rng, float(rng.uniform(0.5, 3.5 if self.style["shape"] != "ambient" else 6.0)), float(rng.uniform(0.15, 0.6))
        )

    def run(self):
        """Everything, in order."""
        rng = self.rng
        self.draw_kit()
        self.compose()
        self.draw_voices()
        self.ambient_beat = rng.random() < 0.6
        half_at = [s[0] for s in self.sections if s[2] in ("drop", "verse") and rng.random() < self.style.get("half", 0)]
        loops = rng.random() < self.style.get("loop", 0)
        if loops:
            self.break_, self.break_level = samples.break_loop(rng, self.part, self.bpm), float(rng.uniform(0.25, 0.7))
        for index, (first, end, label) in enumerate(self.sections):
            drums, tones, theme = self.layers(label, index)
            self.section_drums(first, end, label, drums, half=first in half_at)
            self.section_tones(first, end, tones, theme)
            if loops and drums and label in ("intro", "verse", "drop", "outro") and first not in half_at and rng.random() < 0.8:
                self.loops(first, end)
            self.transition(first, end, label, self.sections[index + 1][2] if index + 1 < len(self.sections) else "")
        self.sound_tones()
        self.tonal = any(self.parts_notes.values())

    def mix(self):
        """The stems brought together at drawn levels."""
        rng = self.rng
        if rng.random() < 0.4:
            drive = rng.uniform(1.2, 3)
            self.stems["kick"] = np.tanh(drive * self.stems["kick"]) / np.tanh(drive)
        self.duck()
        self.filters()
        room = self.space()
        if rng.random() < (0.15 if not self.tonal or self.style["shape"] == "game" else 0.5):
            voice = self.sing()
            voice = vocals.levelled(voice, self.stems["music"] + self.stems["drums"] + self.stems["bass"], self.vocals, rng.uniform(-3, 6))
            room += voice + master.reverb(voice, rng, float(rng.uniform(0.4, 2.5)), float(rng.uniform(0.05, 0.35)))
        gains = {"kick": 1.0, "drums": 0.9, "bass": 0.55, "music": 0.7, "lead": 0.6, "effects": 0.6}
        total = room
        for name, stem in self.stems.items():
            total += stem * gains[name] * float(np.exp(rng.normal(0, 0.25)))
        return total


def make(rng, part, short=False):
    """One electronic piece."""
    composer = Composer(rng, part, short=short)
    composer.run()
    mix = composer.mix()
    sections = [(a * composer.metre, b * composer.metre, label) for a, b, label in composer.sections]
    return Piece(
        "electronic",
        composer.name,
        part,
        mix,
        composer.clock,
        composer.beats,
        composer.metre,
        composer.key.name if composer.tonal else None,
        sections,
        None if composer.live else composer.bpm,
        composer.cents,
        composer.vocals,
    )
