#!/usr/bin/env python3
"""Checks every #include of the repository against the table of allowed directions.

Usage: layers.py ROOT. Prints each include that points the wrong way; exit code 1 when there is one.
"""
import pathlib
import re
import sys

# Folder -> folders whose headers it may include, besides its own. The longest matching folder counts.
SIBLINGS = ["document", "media", "vision", "audio", "gpu", "plugin", "inference"]
LOW = ["engine/base", "kernels"]
ALLOWED = {
    "engine/base": [],
    "kernels": ["engine/base"],
    "engine/session": ["engine/base"],
    **{f"engine/{name}": LOW + ["engine/session"] for name in SIBLINGS},
    "engine/runtime": LOW + ["engine/session"] + [f"engine/{name}" for name in SIBLINGS],
    "ui": LOW[:1] + ["engine/session", "engine/document", "engine/runtime", "engine/gpu/presenter.h",
                     "engine/gpu/frame_transport.h", "engine/gpu/device.h"],
    "app/kinora": ["engine", "ui"],
    "app/cli": ["engine"],
    "app/trainer": ["engine"],
    "plugins": ["plugins/sdk"],
}

# Third-party headers that must stay inside some folders.
CONFINED = [
    (re.compile(r"^(ATen|torch|c10)/"), ["engine/inference"], "LibTorch"),
    (re.compile(r"^opencv2/"), ["engine/media", "engine/vision"], "OpenCV"),
    (re.compile(r"^lib(av|sw)[a-z]+/"), ["engine/media"], "FFmpeg"),
    (re.compile(r"^(vulkan/|volk)"), ["engine/gpu"], "Vulkan"),
    (re.compile(r"^Q[A-Z]|^Qt[A-Z]"), ["ui", "app/kinora"], "Qt"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
SOURCES = {".h", ".cpp", ".cu", ".cuh", ".c"}


def folder_of(path: str, folders) -> str | None:
    inside = [f for f in folders if path == f or path.startswith(f + "/")]
    return max(inside, key=len, default=None)


def violations(root: pathlib.Path):
    for source in sorted(root.rglob("*")):
        path = source.relative_to(root).as_posix()
        if source.suffix not in SOURCES or path.startswith(("build/", "tests/", ".")):
            continue
        home = folder_of(path, ALLOWED)
        if home is None:
            yield path, 0, "lies in no folder of the table"
            continue
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            target = found[2]
            for pattern, folders, name in CONFINED:
                if pattern.match(target) and not folder_of(path, folders):
                    yield path, number, f"{name} must stay inside {', '.join(folders)}"
            if found[1] == '"' and (root / target).exists():
                if not folder_of(target, [home] + ALLOWED[home]):
                    yield path, number, f"{home} must not include {target}"
                if target.endswith("_p.h") and not folder_of(target, [path.rsplit("/", 1)[0], home]):
                    yield path, number, f"{target} is private to its folder"


def main(root: str) -> int:
    found = list(violations(pathlib.Path(root)))
    for path, number, reason in found:
        print(f"{path}:{number}: {reason}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
