"""Voices: sung words, vowels, rap and speech, with the spans in which they sound.

Words spoken by espeak-ng give the spectral envelopes, frame by frame; a glottal pulse train at the melody's pitch, or noise where the
word was unvoiced, is filtered by them (a channel vocoder's principle, Dudley 1939). Consonants keep their length, the middle is
stretched to the note. Vowels without words come from a table of formants.
"""

import subprocess
from functools import lru_cache

import numpy as np
from scipy import signal

import master
import parts
import synth
from fluid import RATE

SIZE, HOP = 1024, 256
WORDS = {
    "en-us": "love night fire away heart dream light tonight falling rain river never always under summer music body feeling moving higher people freedom believe stay time remember shadow golden dance baby world moon ocean sugar lonely burning waiting morning heaven crazy tomorrow",
    "en-gb": "again home hold me now someone sweet darling forever running shining blue eyes open mind broken chasing thunder stars calling hello goodbye easy little sister brother money power city lights crowd silver diamond flying deeper",
    "es": "amor corazon noche fuego vida siempre bailar contigo luna cielo mariposa camino quiero loca fiesta sueno tiempo cancion playa sol",
    "it": "amore cuore notte stella mare sole bella vita sogno parole canto vento luna ancora dolce cielo",
    "fr": "amour coeur nuit soleil danse encore jamais toujours chanson lumiere reve vie rouge doucement",
    "de": "liebe herz nacht feuer traum licht immer wieder regen sommer tanzen freiheit leben himmel",
    "pt": "amor saudade noite coracao vida praia samba menina luz canto alegria mundo",
}
SENTENCES = (
    "Good evening and welcome to the show, tonight we play until the sun comes up.",
    "This is the sound of the underground, stay with us and turn it up.",
    "I never knew that a train could leave so early in the morning.",
    "The weather tomorrow will be mild with some rain in the north and a light wind from the west.",
    "Put your hands in the air and let me see you move.",
    "There is a house by the river where nobody has lived for forty years.",
    "Ladies and gentlemen, make some noise for the band.",
    "We walked along the beach and talked about the future.",
    "You are listening to music from all over the world.",
    "One day all of this will make sense to you.",
)
VOWELS = {  # formants in Hz of an adult voice, and their levels in dB (after Peterson and Barney 1952)
    "a": ((730, 1090, 2440, 3400), (0, -5, -22, -30)),
    "e": ((530, 1840, 2480, 3500), (0, -12, -18, -28)),
    "i": ((270, 2290, 3010, 3700), (0, -18, -22, -30)),
    "o": ((570, 840, 2410, 3300), (0, -6, -28, -35)),
    "u": ((300, 870, 2240, 3300), (0, -14, -32, -40)),
}


@lru_cache(maxsize=512)
def spoken(text, voice, speed, pitch):
    """espeak-ng's own sound of a text, mono at RATE, without silence at either end."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    sound = np.frombuffer(data[44:], "<i2").astype(np.float32) / 32768
    sound = signal.resample_poly(sound, 2, 1).astype(np.float32)  # espeak-ng speaks at 22,050 Hz
    loud = np.flatnonzero(np.abs(sound) > 0.02 * max(1e-6, np.abs(sound).max()))
    return sound[max(0, loud[0] - 100) : loud[-1] + 100] if len(loud) else sound


def frames_of(sound):
    padded = np.pad(sound, (SIZE // 2, SIZE))
    count = (len(padded) - SIZE) // HOP + 1
    index = np.arange(SIZE) + HOP * np.arange(count)[:, None]
    return padded[index] * np.hanning(SIZE)


def overlapped(frames, length):
    """Frames (windowed once more) added up again."""
    out = np.zeros(len(frames) * HOP + SIZE)
    window = np.hanning(SIZE)
    for k in range(SIZE // HOP):  # frames that don't overlap are laid down together
        lane = (frames[k :: SIZE // HOP] * window).reshape(-1)
        out[k * HOP : k * HOP + len(lane)] += lane
    out = out[SIZE // 2 : SIZE // 2 + length] / 1.5
    return np.pad(out, (0, length - len(out)))


@lru_cache(maxsize=256)
def word_envelope(text, voice, speed, pitch):
    """(smooth magnitude spectra, share of voicing) for each frame of a spoken word."""
    spectra = np.abs(np.fft.rfft(frames_of(spoken(text, voice, speed, pitch))))
    cepstra = np.fft.irfft(np.log(spectra + 1e-4))
    cepstra[:, 56:-56] = 0
    smooth = np.exp(np.fft.rfft(cepstra).real)
    low, high = spectra[:, 3:50].sum(axis=1), spectra[:, 90:].sum(axis=1)
    return smooth, np.clip((low - 0.6 * high) / (low + high + 1e-6) + 0.35, 0, 1)


def vowel_envelope(vowel, size_factor):
    """A spectrum of formants; size_factor > 1 for smaller heads."""
    f = np.fft.rfftfreq(SIZE, 1 / RATE)
    total = np.full(len(f), 1e-4)
    for centre, level in zip(*VOWELS[vowel]):
        width = 60 + 0.06 * centre
        total += master.decibels(level) / (1 + ((f - centre * size_factor) / width) ** 2)
    return total


class Singer:
    """One voice: its language, its timbre, how it glides and trembles."""

    def __init__(self, rng, part):
        self.rng, self.part = rng, part
        language = str(rng.choice(list(WORDS), p=[0.4, 0.2, 0.12, 0.08, 0.08, 0.06, 0.06]))
        self.female = rng.random() < 0.55
        self.voice = language + (f"+f{rng.integers(1, 6)}" if self.female else f"+m{rng.integers(1, 8)}")
        self.words = parts.share(WORDS[language].split(), part, "word")
        self.low = int(rng.integers(57, 63)) if self.female else int(rng.integers(45, 53))
        self.wordless = rng.random() < 0.2
        self.vibrato = (rng.uniform(4.8, 6.5), rng.uniform(10, 55))  # Hz, cents
        self.glide = rng.uniform(0.02, 0.09)
        self.breath = rng.uniform(0.02, 0.15)
        self.size_factor = rng.uniform(1.08, 1.25) if self.female else rng.uniform(0.92, 1.05)
        self.speed, self.pitch = int(rng.integers(110, 190)), int(rng.integers(30, 80))

    def pitched(self, notes):
        """A melody moved by octaves into this voice's range."""
        if not notes:
            return notes
        middle = np.median([n[2] for n in notes])
        shift = 12 * round((self.low + 7 - middle) / 12)
        return [(t, d, p + shift, v) for t, d, p, v in notes]

    def envelopes(self, seconds):
        """Spectra and voicing, one a frame, for one note."""
        count = max(4, int(seconds * RATE / HOP))
        if self.wordless or not self.words:
            one, two = self.rng.choice(list(VOWELS), 2)
            turn = np.linspace(0, 1, count)[:, None] ** 2
            spectra = vowel_envelope(one, self.size_factor) * (1 - turn) + vowel_envelope(two, self.size_factor) * turn
            return spectra * 40, np.ones(count)
        spectra, voicing = word_envelope(str(self.rng.choice(self.words)), self.voice, self.speed, self.pitch)
        have = len(spectra)
        edge = min(have // 3, count // 3)
        inner = np.linspace(edge, have - edge - 1, max(1, count - 2 * edge))
        at = np.concatenate([np.arange(edge), inner, np.arange(have - edge, have)]).astype(int)[:count]
        return spectra[at], voicing[at]

    def phrase(self, notes, cents):
        """Mono sound of notes (seconds from the phrase's start), and its length in frames."""
        rng = self.rng
        length = int((notes[-1][0] + notes[-1][1] + 0.15) * RATE)
        count = length // HOP + 4
        shape = np.zeros((count, SIZE // 2 + 1))
        voicing, pitch, gain = np.zeros(count), np.full(count, float(notes[0][2])), np.zeros(count)
        for start, seconds, note, velocity in notes:
            spectra, voiced = self.envelopes(max(0.08, seconds))
            a = int(start * RATE / HOP)
            b = min(count, a + len(spectra))
            shape[a:b], voicing[a:b] = spectra[: b - a], voiced[: b - a]
            age = np.arange(b - a) * HOP / RATE
            pitch[a:] = note
            pitch[a:b] += self.vibrato[1] / 100 * np.clip((age - 0.25) / 0.3, 0, 1) * np.sin(2 * np.pi * self.vibrato[0] * age)
            ends = np.minimum(1, np.minimum(age / 0.02, (age[-1] - age) / 0.05 + 0.02)) if b > a else age
            gain[a:b] = ends * (0.5 + velocity / 254)
        smooth = np.exp(-HOP / RATE / self.glide)
        pitch = signal.lfilter([1 - smooth], [1, -smooth], pitch - pitch[0]) + pitch[0] + rng.normal(0, 0.03, count)
        at = np.arange(length)
        frequency = synth.hertz(np.interp(at, np.arange(count) * HOP, pitch), cents)
        source = synth.lowpass(synth.oscillator("saw", frequency, length), 1800, 0.6) * 1.5
        hiss = rng.standard_normal(length) * 0.25
        share = np.interp(at, np.arange(count) * HOP, voicing)
        mixed = frames_of(source * share + hiss * np.maximum(1 - share, self.breath))
        spectra = np.fft.rfft(mixed)
        shape = shape[: len(spectra)] if len(shape) >= len(spectra) else np.pad(shape, ((0, len(spectra) - len(shape)), (0, 0)))
        sung = overlapped(np.fft.irfft(spectra * shape), length)
        return sung * np.interp(at, np.arange(count) * HOP, gain)

    def sing(self, target, notes, cents=0.0):
        """Adds notes (in seconds; breaths are where gaps are) to the target; returns the spans sung. The level is that of speech, about -20 dB."""
        notes = [(t, min(d, 6.0), p, v) for t, d, p, v in self.pitched(sorted(notes)) if t >= 0]
        spans = []
        clusters, current = [], []
        for note in notes:
            if current and note[0] - (current[-1][0] + current[-1][1]) > 0.35:
                clusters.append(current)
                current = []
            current.append(note)
        clusters += [current] if current else []
        doubles = 1 if self.rng.random() < 0.6 else 2
        for cluster in clusters:
            begin = cluster[0][0]
            for turn in range(doubles):
                local = [(t - begin, d, p, v) for t, d, p, v in cluster]
                sound = self.phrase(local, cents + (turn * self.rng.normal(0, 12)))
                level = np.sqrt(np.mean(sound**2) + 1e-9)
                pan = 0.5 + (0.3 * (turn - 0.5) if doubles > 1 else 0.0)
                stereo = np.vstack([sound * np.sqrt(1 - pan), sound * np.sqrt(pan)]).astype(np.float32)
                synth.place(target, stereo, round(begin * RATE), 0.14 / level / doubles)
            spans.append((begin, cluster[-1][0] + cluster[-1][1]))
        return spans

    def rap(self, target, times):
        """Spoken words, one at each time (seconds), each cut where the next begins; returns the spans."""
        spans = []
        for begin, following in zip(times, list(times[1:]) + [times[-1] + 0.5]):
            sound = spoken(str(self.rng.choice(self.words or ["hey"])), self.voice, 230, self.pitch)
            keep = min(len(sound), int((following - begin) * RATE * 0.98), RATE)
            if keep < 800:
                continue
            cut = sound[:keep] * np.minimum(1, (keep - np.arange(keep)) / 600)
            synth.place(target, np.vstack([cut, cut]).astype(np.float32), round(begin * RATE), 0.9)
            spans.append((begin, begin + keep / RATE))
        return spans

    def speak(self, target, begin, end):
        """Sentences at their own pace between two times; returns the spans."""
        spans, at = [], begin + float(self.rng.uniform(0, 1.5))
        sentences = parts.share(SENTENCES, self.part, "sentence")
        while at < end - 1:
            sound = spoken(str(self.rng.choice(sentences)), self.voice if self.voice.startswith("en") else "en-us", self.speed, self.pitch)
            sound = sound[: int((end - at) * RATE)]
            synth.place(target, np.vstack([sound, sound]), round(at * RATE), 0.8)
            spans.append((at, at + len(sound) / RATE))
            at += len(sound) / RATE + float(self.rng.uniform(0.2, 3))
        return spans


def breathe(rng, notes, metre, every=2):
    """A melody in beats with room to breathe: the end of every so many bars is left out."""
    rest = float(rng.choice([1, 1.5, 2]))
    return [n for n in notes if n[0] % (every * metre) < every * metre - rest]


def levelled(voice, backing, spans, decibels_over):
    """The voice's buffer brought to so many dB over the backing, where it sings."""
    if not spans:
        return voice
    mask = np.zeros(voice.shape[1], bool)
    for start, stop in spans:
        mask[max(0, int(start * RATE)) : int(stop * RATE)] = True
    if not mask.any():
        return voice
    power = lambda x: float(np.sqrt(np.mean(x[:, mask] ** 2) + 1e-9))
    return voice * np.float32(master.decibels(decibels_over) * max(power(backing), 0.02) / power(voice))
