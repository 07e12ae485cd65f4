#!/usr/bin/env python3
"""Unpacks LibTorch (the C++ part of the PyPI wheel, CPU) into FOLDER/torch-<version>.

The CPU library needs two small CUDA runtime libraries beside it, and its run path expects the wheels' folder shape
(torch/lib next to nvidia/cu13/lib), so that shape is kept. Wheels are checked by SHA-256 and removed after unpacking.
"""
import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

VERSION = "2.11.0"
WHEELS = {  # requirement -> SHA-256 of the wheel
    "torch==2.11.0": "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
    "nvidia-cuda-runtime==13.0.96": "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
    "nvidia-cuda-cupti==13.0.85": "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
}
PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_25_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any"]


def is_wanted(name: str) -> bool:
    if name.startswith(("torch/include/ATen/", "torch/include/c10/", "torch/include/torch/")):
        return True
    base = os.path.basename(name)
    if name.startswith("torch/lib/"):
        return base in ("libc10.so", "libtorch_cpu.so") or base.startswith("libgomp")
    return name.startswith("nvidia/cu13/lib/") and base in ("libcudart.so.13", "libcupti.so.13")


def download(folder: pathlib.Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "none",
               "--dest", str(folder)]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    subprocess.run(command + list(WHEELS), check=True)


def sha256(path: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="cache folder")
    parser.add_argument("--check", action="store_true", help="only say whether it is there (exit 1 when not)")
    arguments = parser.parse_args()

    target = arguments.folder / f"torch-{VERSION}"
    if (target / "complete").exists():
        print(f"LibTorch {VERSION} is in {target}")
        return 0
    if arguments.check:
        return 1

    arguments.folder.mkdir(parents=True, exist_ok=True)
    staging = pathlib.Path(tempfile.mkdtemp(prefix="libtorch-", dir=arguments.folder))
    try:
        download(staging)
        known = set(WHEELS.values())
        for wheel in sorted(staging.glob("*.whl")):
            if sha256(wheel) not in known:
                print(f"{wheel.name} is not the file that was expected (SHA-256 differs).", file=sys.stderr)
                return 1
            with zipfile.ZipFile(wheel) as archive:
                for name in filter(is_wanted, archive.namelist()):
                    archive.extract(name, staging / "tree")
            wheel.unlink()
        (staging / "tree" / "complete").touch()
        shutil.rmtree(target, ignore_errors=True)
        os.replace(staging / "tree", target)
    except (subprocess.CalledProcessError, OSError, zipfile.BadZipFile) as error:
        print(f"LibTorch: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    print(f"LibTorch {VERSION} is in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
