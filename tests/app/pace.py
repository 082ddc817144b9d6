#!/usr/bin/env python3
"""Keeps an engine's pace beside it, as its null device does: wakes once a block of 256 frames at 48 kHz, as a realtime
thread of the same priority, and counts how often it came more than a block late. What it misses the machine had missed.

pace.py; says 'ready', ends with its input, and says the count (-1: this user may run no realtime threads).
"""
import os
import select
import sys
import time

BLOCK = 256 / 48000


def main():
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(60))
        allowed = True
    except PermissionError:
        allowed = False
    print("ready", flush=True)
    missed, late, due = 0, False, time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        due += BLOCK
        time.sleep(max(0, due - time.monotonic()))
        behind = time.monotonic() - due
        missed += behind > BLOCK and not late
        late = behind > BLOCK
        if behind > 0.1:
            due = time.monotonic()
    print(missed if allowed else -1)


if __name__ == "__main__":
    main()
