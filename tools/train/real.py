#!/usr/bin/python3
"""Music that people wrote, from Debian's packages: MIDI files and tracker modules of games, LMMS's demo projects, songs with
note tracks. Their truth is what their files say: where the beats are by tempo and row, not how they were played.

real.py OUT [--from ROOT] [--part train|dev|test] [--jobs N]
ROOT is where the packages were unpacked (default /). A piece's part comes from its name, seven to train, two to dev, one to
test. The packages: packaging/apt-train.txt.
"""
import argparse
import ctypes
import hashlib
import json
import multiprocessing
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
import zlib

import mido
import numpy
import scipy.io.wavfile

RATE = 44100
LONGEST = 200.0    # seconds
FONTS = ["sf2/FluidR3_GM.sf2", "sf2/TimGM6mb.sf2", "sf3/MuseScore_General.sf3", "sf2/OPL-3_FM_128M.sf2"]
CODECS = [("wav", []), ("mp3", ["-b:a", "160k"]), ("ogg", ["-q:a", "5"]), ("opus", ["-b:a", "96k"]), ("flac", []),
          ("m4a", ["-b:a", "160k"])]


def number_of(path):
    return int(hashlib.sha256(path.name.encode()).hexdigest()[:8], 16)


def part_of(path):
    return "train" if (n := number_of(path) % 10) < 7 else "dev" if n < 9 else "test"


def write(out, name, samples, truth, number):
    peak = numpy.abs(samples).max()
    if peak < 1e-3 or len(samples) < 20 * RATE:
        return False
    extension, options = CODECS[number % len(CODECS)]
    with tempfile.TemporaryDirectory() as folder:
        wav = pathlib.Path(folder) / "a.wav"
        scipy.io.wavfile.write(wav, RATE, (samples / peak * 0.9 * 32767).astype(numpy.int16))
        audio = out / f"{name}.{extension}"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", wav, *options, audio], check=True)
    truth |= {"file": audio.name}
    (out / f"{name}.json").write_text(json.dumps(truth))
    return True


# --- MIDI -------------------------------------------------------------------------------------------------------------

# How much of a piece's time each degree sounds in major and in minor (Albrecht and Shanahan 2013).
DEGREES = numpy.array([[.238, .006, .111, .006, .137, .094, .016, .214, .009, .080, .008, .081],
                       [.220, .006, .104, .123, .019, .103, .012, .214, .062, .022, .061, .052]])
TONICS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
SIGNATURES = {name: (index + shift) % 12 for index, name in enumerate(TONICS) for name, shift in ((name, 0), (name + "m", 3))} | \
    {"Db": 1, "Gb": 6, "Cb": 11, "D#m": 6, "G#m": 11, "A#m": 1, "Abm": 11, "Ebm": 6, "Bbm": 1}


def key_of_notes(messages, per_beat):
    """'A minor' where how long each note sounds, the bass and the file's signature leave no doubt; else None. Signatures of C count for
    nothing: that is what programs write that were never told."""
    now, open_notes, notes, signature = 0, {}, [], None
    for message in messages:
        now += message.time
        if message.type == "key_signature":
            signature = signature or message.key
        elif message.type in ("note_on", "note_off") and message.channel != 9:
            name = (message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                open_notes.setdefault(name, []).append(now)
            elif open_notes.get(name):
                notes.append((open_notes[name].pop(0), now, message.note))
    if len(notes) < 60:
        return None
    end = max(n[1] for n in notes)
    share, lowest = numpy.zeros(12), {}
    for start, stop, pitch in notes:
        share[pitch % 12] += min(stop - start, 2 * per_beat)
        for beat in range(int(start / per_beat), int((stop - 1) / per_beat) + 1):
            lowest[beat] = min(pitch, lowest.get(beat, 127))
    bass = numpy.bincount([p % 12 for p in lowest.values()], minlength=12)
    scores = numpy.array([numpy.corrcoef(numpy.roll(share, -t), DEGREES[m])[0, 1] + 0.3 * bass[t] / bass.sum()
                          for m in (0, 1) for t in range(12)])
    best, second = numpy.argsort(-scores)[:2]
    tonic, minor, sure = best % 12, best >= 12, scores[best] - scores[second]
    last = min([p for _, stop, p in notes if stop >= end - per_beat / 2])
    votes = sum(int(b) == tonic for b in (last % 12, lowest[min(lowest)] % 12, bass.argmax()))
    signed = signature not in (None, "C", "Am") and SIGNATURES.get(signature) == (tonic + 3 * minor) % 12
    if votes + signed < 2 or sure < (0.05 if signed else 0.1):
        return None
    return f"{TONICS[tonic]} {'minor' if minor else 'major'}"


def midi_truth(path):
    """Beats and bars by the file's tempo map, or None where its notes don't keep to them."""
    midi = mido.MidiFile(path, clip=True)
    if midi.ticks_per_beat <= 0 or midi.type == 2:
        return None
    tempos, metres, notes, now = [(0, 500000)], [(0, 4, 4)], [], 0
    for message in mido.merge_tracks(midi.tracks):
        now += message.time
        if message.type == "set_tempo":
            tempos.append((now, message.tempo))
        elif message.type == "time_signature":
            metres.append((now, message.numerator, message.denominator))
        elif message.type == "note_on" and message.velocity:
            notes.append((now, message.channel, message.note))
    if len(notes) < 100:
        return None
    per_beat = midi.ticks_per_beat
    ticks = numpy.array([n[0] for n in notes])
    off_grid = numpy.minimum(numpy.abs(ticks % (per_beat / 4) / (per_beat / 4) - 0.5), numpy.abs(ticks % (per_beat / 6) / (per_beat / 6) - 0.5))
    if numpy.mean(off_grid > 0.5 - 0.12) < 0.3:   # neither sixteenths nor triplets: played without a click
        near = numpy.abs((ticks / (per_beat / 4) + 0.5) % 1 - 0.5)
        if numpy.mean(near < 0.12) < 0.75:
            return None

    starts = [(0, 0.0, tempos[0][1])]
    for tick, tempo in tempos[1:]:
        at, seconds, old = starts[-1]
        starts.append((tick, seconds + (tick - at) * old / per_beat / 1e6, tempo))

    def seconds_of(tick):
        at, seconds, tempo = [s for s in starts if s[0] <= tick][-1]
        return seconds + (tick - at) * tempo / per_beat / 1e6

    beats, downbeats = [], []
    for i, (tick, numerator, denominator) in enumerate(metres):
        end = metres[i + 1][0] if i + 1 < len(metres) else now
        compound = denominator == 8 and numerator % 3 == 0
        beat = per_beat * 4 / denominator * (3 if compound else 1)
        in_bar = numerator // 3 if compound else numerator
        if in_bar < 1 or (denominator == 8 and not compound):
            return None
        count = 0
        while tick + count * beat < end - 1:
            beats.append(seconds_of(tick + count * beat))
            if count % in_bar == 0:
                downbeats.append(beats[-1])
            count += 1
    # Tempo events that shape a performance are no beat to hold on to.
    if len(tempos) > 400 or len(beats) < 24:
        return None
    first = seconds_of(notes[0][0])
    last = seconds_of(notes[-1][0]) + 1
    beats = [b for b in beats if first - 0.05 <= b <= last]
    intervals = numpy.diff(beats)
    if not 40 < 60 / numpy.median(intervals) < 230:
        return None
    constant = bool(numpy.ptp(intervals) < 0.002)
    truth = {"beats": beats, "downbeats": [b for b in downbeats if first - 0.05 <= b <= last], "constant": constant,
             "bpm": round(60 / float(numpy.mean(intervals)), 3) if constant else None, "style": "game", "kind": "midi"}
    key = key_of_notes(mido.merge_tracks(midi.tracks), per_beat)
    return truth | {"key": key} if key else truth


def midi(path, out, name):
    truth = midi_truth(path)
    if truth is None:
        return False
    number = number_of(path)
    font = pathlib.Path("/usr/share/sounds") / FONTS[number % len(FONTS)]
    with tempfile.TemporaryDirectory() as folder:
        wav = pathlib.Path(folder) / "a.wav"
        subprocess.run(["fluidsynth", "-ni", "-q", "-r", str(RATE), "-g", "0.5", "-T", "wav", "-F", wav, font, path],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=200)
        samples = scipy.io.wavfile.read(wav)[1].astype(numpy.float32) / 32768
    return finish(out, name, samples, truth, number)


def finish(out, name, samples, truth, number):
    samples = samples[:int(LONGEST * RATE)]
    end = len(samples) / RATE
    for field in ("beats", "downbeats"):
        truth[field] = [round(t, 5) for t in truth[field] if t < end]
    return write(out, name, samples, truth, number)


# --- Tracker modules --------------------------------------------------------------------------------------------------

def openmpt():
    library = ctypes.CDLL("libopenmpt.so.0")
    library.openmpt_module_create_from_memory2.restype = ctypes.c_void_p
    library.openmpt_module_get_pattern_num_rows.restype = ctypes.c_int32
    return library


def module(path, out, name):
    """Four rows are a beat unless that makes an odd tempo; patterns begin with bars."""
    library = openmpt()
    data = path.read_bytes()
    handle = library.openmpt_module_create_from_memory2(data, ctypes.c_size_t(len(data)), None, None, None, None, None, None, None)
    if not handle:
        return False
    handle = ctypes.c_void_p(handle)
    step = 64
    pieces, rows = [], []          # rows: (seconds, order, row, rows of its pattern)
    buffer = (ctypes.c_float * (2 * step))()
    last = None
    for i in range(int(LONGEST * RATE / step)):
        got = library.openmpt_module_read_interleaved_float_stereo(handle, RATE, ctypes.c_size_t(step), buffer)
        if not got:
            break
        pieces.append(numpy.frombuffer(buffer, numpy.float32).copy())
        here = (library.openmpt_module_get_current_order(handle), library.openmpt_module_get_current_row(handle))
        if here != last:
            pattern = library.openmpt_module_get_current_pattern(handle)
            rows.append((i * step / RATE, *here, library.openmpt_module_get_pattern_num_rows(handle, pattern)))
            last = here
    library.openmpt_module_destroy(handle)
    if len(rows) < 200:
        return False
    times = numpy.array([r[0] for r in rows])
    row = float(numpy.median(numpy.diff(times)))
    fitting = [n for n in (4, 8, 6, 3, 2) if 75 <= 60 / (n * row) <= 185 and all(r[3] % n == 0 for r in rows)]
    if not fitting:
        return False
    per_beat = fitting[0]
    whole_bars = all(r[3] % (4 * per_beat) == 0 for r in rows)
    beats = [t for t, _, r, _ in rows if r % per_beat == 0]
    intervals = numpy.diff(beats)
    if numpy.percentile(intervals, 95) > 1.6 * numpy.percentile(intervals, 5):
        return False    # jumps within patterns: its rows don't count as beats
    constant = bool(numpy.ptp(intervals) < 0.006)
    if constant:        # rows were seen within 64 samples only
        line = numpy.polyfit(numpy.arange(len(beats)), beats, 1)
        beats = list(numpy.polyval(line, numpy.arange(len(beats))))
    truth = {"beats": [float(b) for b in beats], "constant": constant, "style": "tracker", "kind": "module",
             "bpm": round(60 / float(numpy.mean(intervals)), 3) if constant else None,
             "downbeats": [float(b) for b, r in zip(beats, [r for r in rows if r[2] % per_beat == 0])
                           if r[2] % (4 * per_beat) == 0] if whole_bars else []}
    return finish(out, name, numpy.concatenate(pieces).reshape(-1, 2), truth, number_of(path))


# --- LMMS -------------------------------------------------------------------------------------------------------------

def lmms(path, out, name):
    raw = path.read_bytes()
    text = zlib.decompress(raw[4:]) if path.suffix == ".mmpz" else raw
    head = xml.etree.ElementTree.fromstring(re.sub(rb"&#x?[0-9a-fA-F]+;", b"", text)).find("head")
    # Tempo as an element, not an attribute, is automated.
    if head is None or head.get("bpm") is None or head.get("timesig_numerator", "4") is None:
        return False
    bpm, in_bar = float(head.get("bpm")), int(head.get("timesig_numerator", "4"))
    if int(head.get("timesig_denominator", "4")) != 4:
        return False
    with tempfile.TemporaryDirectory() as folder:
        wav = pathlib.Path(folder) / "a.wav"
        subprocess.run(["lmms", "render", path, "-o", wav, "-f", "wav", "-s", str(RATE)], check=True, timeout=400,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"QT_QPA_PLATFORM": "offscreen", "HOME": folder,
                                                                                 "PATH": "/usr/bin:/bin"})
        decoded = pathlib.Path(folder) / "b.wav"
        subprocess.run(["ffmpeg", "-v", "error", "-i", wav, "-ac", "2", "-ar", str(RATE), decoded], check=True)
        samples = scipy.io.wavfile.read(decoded)[1].astype(numpy.float32) / 32768
    loud = numpy.flatnonzero(numpy.abs(samples).max(1) > 0.003)
    if len(loud) == 0:
        return False
    count = int(loud[-1] / RATE * bpm / 60) + 1
    beats = [i * 60 / bpm for i in range(count) if i * 60 / bpm > loud[0] / RATE - 0.05]
    truth = {"beats": beats, "downbeats": [i * 60 / bpm for i in range(0, count, in_bar)], "constant": True, "bpm": bpm,
             "style": "electronic", "kind": "lmms"}
    return finish(out, name, samples, truth, number_of(path))


# --- Songs with note tracks -------------------------------------------------------------------------------------------

def song(path, out, name):
    """A folder of Frets on Fire: notes.mid holds the tempo map of recordings beside it."""
    midi_file = mido.MidiFile(path, clip=True)
    tracks = [p for p in sorted(path.parent.glob("*.ogg")) if p.stem in ("song", "guitar", "rhythm", "drums")]
    if not tracks:
        return False
    inputs = [word for t in tracks for word in ("-i", t)]
    with tempfile.TemporaryDirectory() as folder:
        wav = pathlib.Path(folder) / "a.wav"
        subprocess.run(["ffmpeg", "-v", "error", *inputs, "-filter_complex", f"amix={len(tracks)}:normalize=0", "-ac", "2", "-ar",
                        str(RATE), wav], check=True)
        samples = scipy.io.wavfile.read(wav)[1].astype(numpy.float32) / 32768
    seconds, tick, tempo, beats = 0.0, 0, 500000, []
    ini = path.parent / "song.ini"
    delay = re.search(r"delay\s*=\s*(-?\d+)", ini.read_text(errors="replace")) if ini.exists() else None
    offset = int(delay.group(1)) / 1000 if delay else 0.0
    changes, now = [], 0
    for message in mido.merge_tracks(midi_file.tracks):
        now += message.time
        if message.type == "set_tempo":
            changes.append((now, message.tempo))
    per_beat = midi_file.ticks_per_beat
    while seconds < len(samples) / RATE:
        beats.append(seconds + offset)
        left = per_beat
        while left > 0:
            while changes and changes[0][0] <= tick:
                tempo = changes.pop(0)[1]
            run = min(left, changes[0][0] - tick) if changes else left
            seconds += run * tempo / per_beat / 1e6
            tick += run
            left -= run
    beats = [b for b in beats if b >= 0]
    intervals = numpy.diff(beats)
    constant = bool(numpy.ptp(intervals) < 0.003)
    truth = {"beats": beats, "downbeats": [], "constant": constant, "style": "metal", "kind": "song",
             "bpm": round(60 / float(numpy.mean(intervals)), 3) if constant else None}
    return finish(out, name, samples, truth, number_of(path.parent))


def pieces(root):
    share = root / "usr/share"
    for path in sorted(share.rglob("*")):
        if path.name == "notes.mid":
            yield song, path, f"song-{path.parent.name}"
        elif path.suffix == ".mid" and "mma" not in path.parts and "csound" not in str(path):
            yield midi, path, f"midi-{path.stem}"
        elif path.suffix in (".xm", ".it", ".s3m", ".mod") and path.stat().st_size > 20000 and path.read_bytes()[:4] in (b"Exte", b"IMPM") or path.suffix == ".s3m":
            yield module, path, f"module-{path.stem}"
        elif path.suffix == ".mmpz" and "demos" in str(path).lower():
            yield lmms, path, f"lmms-{path.stem}"


def make(job):
    how, path, out, name = job
    name = re.sub(r"[^A-Za-z0-9-]+", "_", name)
    if (out / f"{name}.json").exists():
        return f"{name}: there"
    try:
        return f"{name}: {'made' if how(path, out, name) else 'left out'}"
    except Exception as error:   # one odd file is no reason to lose the others
        return f"{name}: {type(error).__name__} {error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--from", dest="root", type=pathlib.Path, default=pathlib.Path("/"))
    parser.add_argument("--part", choices=["train", "dev", "test"])
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    jobs = [(how, path, options.out, name) for how, path, name in pieces(options.root)
            if options.part is None or part_of(path) == options.part]
    with multiprocessing.Pool(options.jobs) as pool:
        for i, line in enumerate(pool.imap(make, jobs)):
            print(f"{i + 1}/{len(jobs)} {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
