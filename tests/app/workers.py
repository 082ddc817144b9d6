"""The media workers of a program, as the system sees them."""
import contextlib
import os


def media_workers(parent):
    """By process id: whether it is an idle one, its state ('T': stopped), and the ticks of CPU that it has used."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stat") as f:
                stat = f.read().rpartition(")")[2].split()
            with open(f"/proc/{pid}/cmdline") as f:
                words = f.read().split("\0")
            if int(stat[1]) == parent and words[0].endswith("tactus-media"):
                found[int(pid)] = ("--idle" in words, stat[0], int(stat[11]) + int(stat[12]))
    return found
