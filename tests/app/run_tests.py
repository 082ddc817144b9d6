"""Runs the tests of the file that calls main(), as unittest.main() does; what is skipped is named at the end, and in the
file that TACTUS_SKIPPED names, by which ./test counts it: a program that skips one case still passes."""
import os
import sys
import unittest


def main():
    result = unittest.main(module="__main__", verbosity=2, exit=False).result
    skipped = [f"{test.id().removeprefix('__main__.')}: {why}" for test, why in result.skipped]
    for line in skipped:
        print("Skipped:", line)
    if skipped and os.environ.get("TACTUS_SKIPPED"):
        with open(os.environ["TACTUS_SKIPPED"], "a") as f:
            f.writelines(line + "\n" for line in skipped)
    sys.exit(not result.wasSuccessful())
