"""From a mix to a file: tone, compression, clipping, limiting, wear, and codecs. Nothing here moves an onset by 1 ms."""

import subprocess

import numpy as np
from scipy import ndimage, signal

from fluid import RATE
from synth import highpass, lowpass

CODECS = (  # how likely, ending, ffmpeg's arguments to choose from
    (0.14, "wav", ("-c:a pcm_s16le", "-c:a pcm_s16le", "-c:a pcm_s24le")),
    (0.20, "flac", ("-c:a flac",)),
    (
        0.32,
        "mp3",
        (
            "-c:a libmp3lame -b:a 96k",
            "-c:a libmp3lame -b:a 128k",
            "-c:a libmp3lame -b:a 192k",
            "-c:a libmp3lame -b:a 256k",
            "-c:a libmp3lame -b:a 320k",
            "-c:a libmp3lame -q:a 2",
        ),
    ),
    (0.12, "m4a", ("-c:a aac -b:a 96k", "-c:a aac -b:a 128k", "-c:a aac -b:a 192k", "-c:a aac -b:a 256k")),
    (0.10, "ogg", ("-c:a libvorbis -q:a 2", "-c:a libvorbis -q:a 5", "-c:a libvorbis -q:a 8")),
    (0.12, "opus", ("-c:a libopus -b:a 64k", "-c:a libopus -b:a 96k", "-c:a libopus -b:a 160k")),
)


def decibels(value):
    return 10 ** (value / 20)


def reverb(x, rng, seconds, wet=1.0):
    """x through a room of noise that dies away in seconds (60 dB), its first 10 ms empty; the dry sound is not in it."""
    frames = int(seconds * RATE)
    t = np.arange(frames) / RATE
    tail = rng.standard_normal((2, frames)) * np.exp(-6.9 * t / seconds)
    tail = lowpass(tail, rng.uniform(2500, 9000))
    tail[:, : int(0.01 * RATE)] = 0
    tail *= wet / np.sqrt((tail**2).sum(axis=1, keepdims=True))
    return signal.oaconvolve(x, tail.astype(np.float32), axes=1)[:, : x.shape[1]].astype(np.float32)


def sweep_filter(x, cutoffs, kind="low", block=512):
    """A filter whose cut-off (Hz, one a block of frames) moves; its state is kept from block to block."""
    state = np.zeros((1, 2, 2))
    result = np.empty_like(x)
    used, sos = None, None
    for i, start in enumerate(range(0, x.shape[1], block)):
        cutoff = float(np.clip(cutoffs[min(i, len(cutoffs) - 1)], 20, 0.45 * RATE))
        if used is None or abs(cutoff / used - 1) > 0.02:
            used, sos = cutoff, signal.butter(2, cutoff, kind, fs=RATE, output="sos")
        result[:, start : start + block], state = signal.sosfilt(sos, x[:, start : start + block], axis=1, zi=state)
    return result


def tone(x, rng):
    """A shelf below, a shelf above and a bell, each a few decibels."""
    low, high = decibels(rng.normal(0, 2.5)) - 1, decibels(rng.normal(0, 3)) - 1
    y = x + low * lowpass(x, rng.uniform(80, 300), 0.6) + high * highpass(x, rng.uniform(2500, 8000), 1)
    return highpass(y, rng.uniform(18, 35)).astype(np.float32)


def compress(x, threshold_db, ratio, attack_s, release_s):
    """A bus compressor: level by blocks of 256 frames, gain smoothed both ways."""
    block = 256
    padded = np.pad(x, ((0, 0), (0, -x.shape[1] % block)))
    level = np.sqrt((padded.reshape(2, -1, block) ** 2).mean(axis=(0, 2)) + 1e-10)
    over = np.maximum(0, 20 * np.log10(level) - threshold_db) * (1 - 1 / ratio)
    fast, slow = (np.exp(-block / RATE / s) for s in (attack_s, release_s))
    rise = signal.lfilter([1 - fast], [1, -fast], over)
    fall = signal.lfilter([1 - slow], [1, -slow], over)
    gain = decibels(-np.maximum(rise, fall))
    at = np.arange(len(gain)) * block + block / 2
    return x * np.interp(np.arange(x.shape[1]), at, gain).astype(np.float32)


def limit(x, ceiling=0.97):
    """No peak above ceiling: the gain is looked ahead for 3 ms and smooth."""
    block, reach = 32, 9
    padded = np.pad(np.abs(x).max(axis=0), (0, -x.shape[1] % block))
    peaks = padded.reshape(-1, block).max(axis=1)
    need = np.minimum(1, ceiling / np.maximum(peaks, 1e-6))
    gain = ndimage.uniform_filter1d(ndimage.minimum_filter1d(need, 2 * reach + 1), 2 * reach - 1)
    at = np.arange(len(gain)) * block + block / 2
    return np.clip(x * np.interp(np.arange(x.shape[1]), at, gain).astype(np.float32), -1, 1)


def loud_rms(x):
    """The level of the louder half of a piece, by blocks of 0.4 s."""
    size = int(0.4 * RATE)
    blocks = x[:, : x.shape[1] // size * size].reshape(2, -1, size)
    power = np.sort((blocks**2).mean(axis=(0, 2)))
    return float(np.sqrt(power[len(power) // 2 :].mean() + 1e-12))


def wear(x, rng):
    """What befalls some recordings: hiss, crackle, narrow bands, mono, a room."""
    if rng.random() < 0.07:
        x = x + reverb(x, rng, rng.uniform(0.3, 1.2), rng.uniform(0.1, 0.5))
    if rng.random() < 0.08:
        x = highpass(lowpass(x, rng.uniform(3500, 11000)), rng.uniform(60, 250)).astype(np.float32)
    if rng.random() < 0.10:
        hiss = rng.standard_normal(x.shape).astype(np.float32)
        x = x + decibels(rng.uniform(-62, -40)) * (hiss if rng.random() < 0.5 else lowpass(hiss, 3000))
    if rng.random() < 0.06:
        clicks = np.zeros(x.shape[1], np.float32)
        where = rng.integers(0, x.shape[1], int(x.shape[1] / RATE * rng.uniform(2, 15)))
        clicks[where] = rng.uniform(-1, 1, len(where)) ** 3 * decibels(rng.uniform(-24, -12))
        x = x + highpass(lowpass(clicks, 7000), 500)
    if rng.random() < 0.08:
        x = np.repeat(x.mean(axis=0, keepdims=True), 2, axis=0)
    return x.astype(np.float32)


def finish(x, rng, style="modern"):
    """The mastered mix. style: 'modern' is mostly loud, 'natural' mostly not."""
    x = tone(x, rng)
    x = wear(x / max(1e-6, loud_rms(x)) * decibels(-18), rng)
    draw = rng.random()
    loud = draw < (0.65 if style == "modern" else 0.25)
    middling = draw < (0.9 if style == "modern" else 0.65)
    if loud or rng.random() < 0.4:
        x = compress(x, rng.uniform(-26, -16), rng.uniform(1.5, 5), rng.uniform(0.005, 0.03), rng.uniform(0.08, 0.4))
    target = rng.uniform(-12, -7.5) if loud else rng.uniform(-19, -12) if middling else rng.uniform(-30, -19)
    x = x * (decibels(target) / max(1e-6, loud_rms(x)))
    if loud and rng.random() < 0.6:
        x = np.tanh(x * rng.uniform(1.0, 1.6)).astype(np.float32)
    return limit(x, float(rng.uniform(0.85, 0.999)))


def draw_codec(rng):
    """(ending, ffmpeg arguments with the rate)."""
    weights = np.array([c[0] for c in CODECS])
    _, ending, options = CODECS[rng.choice(len(CODECS), p=weights / weights.sum())]
    rate = 48000 if ending == "opus" or rng.random() < 0.25 else 44100
    return ending, f"{options[rng.integers(len(options))]} -ar {rate}"


def write(path, x, arguments):
    """Writes a mix (2 x frames) through ffmpeg. What ffmpeg decodes from it begins at the mix's first frame."""
    dither = np.random.default_rng(1).uniform(-0.5, 0.5, x.shape) / 32768
    data = np.clip((x + dither) * 32767, -32768, 32767).astype("<i2").T.tobytes()
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-threads",
        "1",
        "-f",
        "s16le",
        "-ar",
        str(RATE),
        "-ac",
        "2",
        "-i",
        "-",
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags:a",
        "+bitexact",
        *arguments.split(),
        path,
    ]
    subprocess.run(command, input=data, check=True)


def read(path, rate=RATE):
    """A file as ffmpeg decodes it, 2 x frames."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ac", "2", "-ar", str(rate), "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, "<f4").reshape(-1, 2).T
