"""Folders of tests in which engines ran."""
import shutil
import time


def remove_folder(path):
    """A library's keeper still takes in what was played for a moment after its engine's end: files come and go."""
    for _ in range(50):
        try:
            return shutil.rmtree(path)
        except OSError:
            time.sleep(0.1)
    return shutil.rmtree(path)
