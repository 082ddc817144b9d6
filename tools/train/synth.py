"""Synthesised notes and drums: oscillators, envelopes, filters. All arrays are float32 or float64 at RATE, mono or 2 x frames."""

from functools import lru_cache

import numpy as np
from scipy import signal

from fluid import RATE


def hertz(pitch, cents=0.0):
    return 440.0 * 2 ** ((pitch - 69 + cents / 100) / 12)


def saw(phase, step):
    """A band-limited saw from a phase in cycles and its increment a frame (polynomial correction at the jump)."""
    p = phase % 1.0
    wave = 2 * p - 1
    before, after = p > 1 - step, p < step
    t = p / step
    wave -= np.where(after, 2 * t - t * t - 1, 0.0)
    t = (p - 1) / step
    wave -= np.where(before, t * t + 2 * t + 1, 0.0)
    return wave


def oscillator(shape, frequency, frames, phase=0.0):
    """One voice: saw, square, pulse25, pulse12, triangle, sine or organ; frequency a number or an array of hertz."""
    step = np.broadcast_to(np.asarray(frequency, float) / RATE, (frames,))
    cycles = phase + np.cumsum(step)
    if shape == "saw":
        return saw(cycles, step)
    if shape in ("square", "pulse25", "pulse12"):
        width = {"square": 0.5, "pulse25": 0.25, "pulse12": 0.125}[shape]
        return 0.7 * (saw(cycles, step) - saw(cycles + width, step))
    if shape == "triangle":
        return 2 * np.abs(2 * (cycles % 1.0) - 1) - 1
    if shape == "organ":
        return sum(np.sin(2 * np.pi * cycles * k) * g for k, g in ((1, 0.5), (2, 0.35), (3, 0.2), (4, 0.15), (8, 0.08)))
    return np.sin(2 * np.pi * cycles)


def envelope(frames, hold, attack, decay, sustain, release):
    """ADSR over frames; hold, attack, decay and release in seconds. The note ends at hold."""
    t = np.arange(frames) / RATE
    body = np.where(t < attack, t / max(attack, 1e-4), sustain + (1 - sustain) * np.exp(-np.maximum(0, t - attack) / max(decay, 1e-3)))
    return body * np.exp(-np.maximum(0, t - hold) / max(release / 4, 1e-3))


def lowpass(x, cutoff, q=0.7):
    """Second order, by the bilinear transform."""
    w = 2 * np.pi * min(cutoff, 0.45 * RATE) / RATE
    alpha, c = np.sin(w) / (2 * q), np.cos(w)
    b = np.array([(1 - c) / 2, 1 - c, (1 - c) / 2]) / (1 + alpha)
    return signal.lfilter(b, [1.0, -2 * c / (1 + alpha), (1 - alpha) / (1 + alpha)], x)


def highpass(x, cutoff, order=2):
    return signal.sosfilt(signal.butter(order, min(cutoff, 0.45 * RATE), "high", fs=RATE, output="sos"), x)


def bandpass(x, low, high, order=1):
    return signal.sosfilt(signal.butter(order, [low, min(high, 0.45 * RATE)], "band", fs=RATE, output="sos"), x)


PATCHES = {  # shape, voices, detune (cents), attack, decay, sustain, release, cutoff (multiples of the pitch), filter decay, q, drive
    "saw bass": ("saw", 1, 0, 0.003, 0.25, 0.5, 0.06, (6, 2), 0.15, 1.5, 1.5),
    "sub bass": ("sine", 1, 0, 0.005, 0.6, 0.8, 0.06, None, 0, 0.7, 1.2),
    "square bass": ("square", 1, 0, 0.003, 0.3, 0.6, 0.05, (5, 2.5), 0.2, 1.2, 1.5),
    "reese bass": ("saw", 3, 22, 0.01, 1.0, 0.9, 0.08, (7, 4), 0.6, 0.8, 2.0),
    "acid bass": ("saw", 1, 0, 0.002, 0.25, 0.4, 0.04, (14, 2), 0.12, 5.0, 2.5),
    "fm bass": ("fm", 1, 1.0, 0.002, 0.3, 0.4, 0.05, (3.5, 0.4), 0.12, 0.7, 1.0),
    "growl bass": ("fm", 1, 2.0, 0.005, 0.8, 0.8, 0.06, (6, 3), 0.3, 0.7, 2.5),
    "pluck bass": ("string", 1, 0, 0.001, 1.0, 1.0, 0.1, None, 0, 0.7, 1.2),
    "808": ("sine", 1, 0, 0.002, 0.9, 0.25, 0.15, None, 0, 0.7, 2.5),
    "warm pad": ("saw", 3, 14, 0.35, 1.0, 0.9, 0.8, (3, 2.5), 2.0, 0.7, 1.0),
    "bright pad": ("saw", 4, 20, 0.12, 1.0, 0.9, 0.6, (9, 6), 2.0, 0.7, 1.0),
    "glass pad": ("fm", 2, 2.0, 0.3, 1.5, 0.7, 0.8, (1.2, 0.6), 1.0, 0.7, 1.0),
    "square pad": ("square", 2, 12, 0.2, 1.0, 0.9, 0.5, (4, 3), 1.0, 0.7, 1.0),
    "organ": ("organ", 1, 0, 0.004, 1.0, 0.95, 0.06, None, 0, 0.7, 1.3),
    "house organ": ("organ", 1, 0, 0.002, 0.25, 0.3, 0.06, None, 0, 0.7, 1.8),
    "electric piano": ("fm", 1, 1.0, 0.002, 0.7, 0.25, 0.2, (1.6, 0.2), 0.3, 0.7, 1.2),
    "bell": ("fm", 1, 3.5, 0.001, 0.8, 0.05, 0.6, (2.5, 0.5), 0.5, 0.7, 1.0),
    "stab": ("saw", 3, 12, 0.002, 0.16, 0.15, 0.08, (10, 3), 0.1, 1.0, 1.3),
    "super saw": ("saw", 5, 26, 0.004, 0.6, 0.7, 0.15, (16, 10), 0.5, 0.7, 1.2),
    "pluck": ("saw", 2, 8, 0.002, 0.14, 0.05, 0.1, (12, 1.5), 0.08, 1.4, 1.0),
    "soft pluck": ("triangle", 1, 0, 0.002, 0.2, 0.1, 0.15, None, 0, 0.7, 1.0),
    "string pluck": ("string", 1, 0, 0.001, 1.0, 1.0, 0.3, None, 0, 0.7, 1.0),
    "lead saw": ("saw", 2, 9, 0.006, 0.5, 0.8, 0.08, (9, 5), 0.3, 1.0, 1.8),
    "lead square": ("square", 1, 0, 0.004, 0.4, 0.8, 0.06, (10, 5), 0.3, 0.9, 1.2),
    "whistle": ("sine", 1, 0, 0.03, 0.4, 0.9, 0.1, None, 0, 0.7, 1.0),
    "hoover": ("saw", 5, 45, 0.02, 0.8, 0.8, 0.12, (12, 8), 0.5, 0.8, 2.2),
    "chip square": ("square", 1, 0, 0.001, 0.3, 0.6, 0.01, None, 0, 0.7, 1.0),
    "chip pulse": ("pulse25", 1, 0, 0.001, 0.3, 0.6, 0.01, None, 0, 0.7, 1.0),
    "chip thin": ("pulse12", 1, 0, 0.001, 0.2, 0.4, 0.01, None, 0, 0.7, 1.0),
    "chip triangle": ("triangle", 1, 0, 0.001, 1.0, 1.0, 0.005, None, 0, 0.7, 1.0),
}
BASSES = [name for name in PATCHES if "bass" in name]
PADS = [name for name in PATCHES if "pad" in name]
KEYS = ["organ", "house organ", "electric piano", "stab", "pluck", "string pluck"]
LEADS = ["lead saw", "lead square", "whistle", "hoover", "super saw", "bell", "pluck", "soft pluck", "electric piano"]
PLUCKS = ["pluck", "soft pluck", "string pluck", "bell", "electric piano", "stab"]


def plucked(frequency, frames, rng):
    """A string after Karplus and Strong (1983)."""
    period = max(2, int(RATE / frequency - 0.5))
    burst = np.zeros(frames)
    burst[: min(period, frames)] = rng.uniform(-1, 1, min(period, frames))
    loop = np.zeros(period + 2)
    loop[0], loop[period], loop[period + 1] = 1, -0.498, -0.498
    return 1.5 * signal.lfilter([1.0], loop, lowpass(burst, 6000))


class Voice:
    """A patch with its own small deviations; note() caches what repeats, as loops do."""

    def __init__(self, name, rng, cents=0.0):
        shape, voices, detune, attack, decay, sustain, release, cutoff, fall, q, drive = PATCHES[name]
        vary = lambda v, by=0.35: v * float(np.exp(rng.uniform(-by, by)))
        self.name, self.shape, self.voices, self.cents, self.drive, self.q = name, shape, voices, cents, drive, q
        self.detune = detune if shape == "fm" else vary(detune)
        self.attack, self.decay, self.release = vary(attack), vary(decay), vary(release)
        self.sustain, self.fall = float(np.clip(vary(sustain), 0, 1)), vary(fall)
        self.cutoff = cutoff and (vary(cutoff[0], 0.5), vary(cutoff[1], 0.5))
        self.seed = int(rng.integers(1 << 31))
        self.cache = {}

    def note(self, pitch, seconds, velocity):
        """2 x frames of one note, its release included."""
        name = (int(pitch), round(seconds, 2), int(velocity) // 16)
        if name not in self.cache:
            if len(self.cache) > 400:
                self.cache.clear()
            self.cache[name] = self._make(pitch, round(seconds, 2), velocity).astype(np.float32)
        return self.cache[name]

    def _raw(self, frequency, frames, rng):
        if self.shape == "string":
            return plucked(frequency, frames, rng)
        if self.shape == "fm":
            t = np.arange(frames) / RATE
            index = self.cutoff[1] + (self.cutoff[0] - self.cutoff[1]) * np.exp(-t / max(self.fall, 1e-3))
            return np.sin(2 * np.pi * frequency * t + index * np.sin(2 * np.pi * frequency * self.detune * t))
        return oscillator(self.shape, frequency, frames, rng.random())

    def _make(self, pitch, seconds, velocity):
        rng = np.random.default_rng([self.seed, int(pitch)])
        frames = int((seconds + self.release) * RATE) + 64
        env = envelope(frames, seconds, self.attack, self.decay, self.sustain, self.release)
        spread = np.linspace(-1, 1, self.voices) if self.voices > 1 and self.shape != "fm" else [0.0]
        sides = np.zeros((2, frames))
        for i, place in enumerate(spread):
            wave = self._raw(hertz(pitch, self.cents + place * self.detune * (self.shape != "fm")), frames, rng)
            pan = 0.5 + 0.35 * place * (-1) ** i
            sides += np.array([[np.sqrt(1 - pan)], [np.sqrt(pan)]]) * wave
        if self.cutoff and self.shape != "fm":
            f = hertz(pitch) * (0.6 + velocity / 250)
            fall = np.exp(-np.arange(frames) / RATE / max(self.fall, 1e-3))
            sides = lowpass(sides, f * self.cutoff[1], self.q) * (1 - fall) + lowpass(sides, f * self.cutoff[0], self.q) * fall
        sides = sides * env / np.sqrt(len(spread))
        return np.tanh(self.drive * sides) / np.tanh(self.drive) * (velocity / 127) ** 1.5


def place(target, sound, frame, gain=1.0):
    """Adds a sound (2 x n) to the target from a frame on, cut at both ends."""
    frame = int(frame)
    skip = max(0, -frame)
    count = min(sound.shape[1] - skip, target.shape[1] - max(frame, 0))
    if count > 0:
        target[:, max(frame, 0) : max(frame, 0) + count] += gain * sound[:, skip : skip + count]


def play(target, notes, voice, time_of):
    """Adds notes (beats) by a voice to the target; time_of maps beats to seconds."""
    for beat, length, pitch, velocity in notes:
        start, stop = time_of(beat), time_of(beat + length)
        place(target, voice.note(pitch, max(0.03, stop - start), velocity), round(start * RATE))


@lru_cache(maxsize=4)
def noise(frames, seed):
    return np.random.default_rng(seed).standard_normal(frames)


def noise_sweep(rng, seconds, rising=True):
    """A riser (or a fall) of filtered noise or of a saw, 2 x frames."""
    frames = int(seconds * RATE)
    ramp = np.linspace(0, 1, frames) if rising else np.linspace(1, 0, frames)
    if rng.random() < 0.3:
        base = oscillator("saw", 80 * 2 ** (ramp * rng.uniform(1.5, 4)), frames) * 0.5
        sides = np.vstack([base, np.roll(base, 300)])
    else:
        raw = rng.standard_normal((2, frames)) * 0.4
        dark, bright = lowpass(raw, 500, 1.0), highpass(raw, 2500)
        sides = dark * (1 - ramp) + bright * ramp
    return (sides * (0.05 + ramp**2)).astype(np.float32)


def drum(rng, kind):
    """One synthesised drum, 2 x frames, its onset at frame 0."""
    u = rng.uniform
    seconds = {"kick": 0.5, "snare": 0.35, "clap": 0.35, "hat": 0.12, "openhat": 0.45, "ride": 1.2, "crash": 2.2, "tom": 0.5}.get(
        kind, 0.25
    )
    frames = int(seconds * RATE)
    t = np.arange(frames) / RATE
    white = rng.standard_normal(frames)
    if kind in ("kick", "tom"):
        low = u(40, 62) if kind == "kick" else u(80, 200)
        glide = low + low * u(1.5, 8) * (1.0 if kind == "kick" else 0.15) * np.exp(-t / u(0.008, 0.04))
        body = np.sin(2 * np.pi * np.cumsum(glide) / RATE + u(0.2, 1.2)) * np.exp(-t / u(0.07, 0.25))
        wave = np.tanh(u(1, 4) * body) + u(0.05, 0.5) * highpass(white, u(800, 4000)) * np.exp(-t / u(0.001, 0.006))
    elif kind in ("snare", "rim"):
        tone = sum(np.sin(2 * np.pi * f * t + 0.5) for f in (u(160, 220), u(280, 420))) * np.exp(-t / u(0.03, 0.09))
        rattle = highpass(white, u(700, 2500)) * np.exp(-t / (u(0.05, 0.16) if kind == "snare" else 0.01))
        wave = u(0.3, 0.9) * tone + u(0.3, 0.8) * rattle
    elif kind == "clap":
        bursts = sum(np.where(t >= d, np.exp(-(t - d) / 0.004), 0) for d in (0, u(0.008, 0.012), u(0.018, 0.026)))
        wave = bandpass(white, u(600, 1100), u(2500, 7000)) * (bursts + 0.6 * np.exp(-t / u(0.04, 0.15)) * (t > 0.02))
    elif kind in ("hat", "openhat", "ride", "crash"):
        metal = sum(np.sign(np.sin(2 * np.pi * f * t)) for f in rng.uniform(300, 900, 6) * u(3, 8)) / 6
        decay = {"hat": u(0.012, 0.05), "openhat": u(0.1, 0.25), "ride": u(0.25, 0.5), "crash": u(0.5, 1.0)}[kind]
        wave = highpass(u(0.2, 1) * white * 0.6 + u(0, 1) * metal, u(3500, 8500)) * np.exp(-t / decay)
    elif kind in ("shaker", "tamb"):
        wave = bandpass(white, u(3000, 6000), u(9000, 15000)) * np.minimum(1, t / u(0.002, 0.012)) * np.exp(-t / u(0.02, 0.07))
    elif kind == "chip":
        held = np.repeat(rng.uniform(-1, 1, frames // 3 + 1), rng.integers(3, 12))[:frames]
        wave = held * np.exp(-t / u(0.01, 0.12))
    else:  # some pitched percussion
        f = u(200, 1500)
        wave = (np.sin(2 * np.pi * f * t) + u(0, 0.7) * np.sin(2 * np.pi * f * u(1.4, 2.6) * t)) * np.exp(-t / u(0.02, 0.12))
    wave = wave * np.minimum(1, (frames - np.arange(frames)) / 400)
    pan = u(0.42, 0.58) if kind not in ("kick", "snare") else 0.5
    return (np.vstack([wave * np.sqrt(1 - pan), wave * np.sqrt(pan)]) / max(1e-6, np.abs(wave).max())).astype(np.float32)
