"""Headers of learned numbers, as src/analysis includes them."""


def floats(values):
    return "{" + ", ".join(f"{v:.3f}f" for v in values) + "}"


def write(path, by, what, *constants):
    """`constants`: whole lines of C++; `by` and `what` say who wrote it and what it is, a line each."""
    with open(path, "w") as out:
        out.write(f"// Written by tools/train/{by}:\n// {what}\n#pragma once\n\n#include <array>\n\nnamespace tactus::analysis {{\n\n"
                  "// clang-format off\n" + "\n".join(constants) + "\n// clang-format on\n\n}  // namespace tactus::analysis\n")
