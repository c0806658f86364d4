"""Making a bundle: a folder that checks a GPU where there is a driver and Python, and nothing else.

It has a clone's layout as far as the checks read it, programs in bin/, their libraries in lib/, and
the sources and packages that all of it was built from.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import packages
import site_facts
from execution import Unusable, run

MOST_BYTES = 60_000_000
# Of the C library, which a program takes from the machine where that has one as new: lib/glibc.
_GLIBC = re.compile(r"^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv))\.so\.\d+$")
# Of a newer compiler than the bundle's, programs need its own.
_OF_COMPILER = ("libstdc++.so.6", "libgcc_s.so.1")
_PROGRAMS = ("allconv", "device_tests")
_COPIED = ("tools/gpu-check", "tools/gpu_check", "models", "tests/data/images", "LICENSE",
           "docs/cuda.md")
_NOT_IN_SOURCES = ("models/", "tests/fuzz/corpus/", "tests/data/images/", "docs/images/")
_README = """allconv on a GPU: what runs here needs an NVIDIA driver for CUDA 13 or newer, x86-64
Linux and Python 3.8 or newer, no packages, no network.

    tools/gpu-check            # all stages; a page and a JSON file a stage in results/
    tools/gpu-check --list     # what the stages are
    tools/gpu-check --help

Interrupted, or out of a stage's time, it goes on where it stopped when it is run again.
compute-sanitizer is used where the CUDA toolkit is installed.

Commit: {commit}
Compiler: nvcc {nvcc}, for {architectures}

GPUs that are newer run the PTX of the newest of these, which their driver compiles. Where there are
CMake 3.25, g++ and nvcc, the programs can be built anew from what is here, without network:

    tools/gpu-check --build --architectures 100
"""


def _must(command, sentence):
    if subprocess.run([str(word) for word in command], check=False, stdout=2).returncode != 0:
        raise Unusable(sentence)


def _configure(sources, build, architectures, *more):
    command = ["cmake", "-S", sources, "-B", build, "-DCMAKE_BUILD_TYPE=Release",
               "-DALLCONV_CUDA=ON", "-DALLCONV_ONEDNN=OFF", "-DALLCONV_PORTABLE=ON", *more]
    if architectures:
        command.append(f"-DCMAKE_CUDA_ARCHITECTURES={architectures}")
    _must(command, "the programs cannot be configured: that needs CMake, g++, nvcc of CUDA 13 or "
          "newer and, in a clone, what tools/setup installs")


def _build(build):
    _must(["cmake", "--build", build, "--parallel", os.cpu_count(), "--target",
           *site_facts.TARGETS], "the programs could not be built: the lines above say why")


def _cached(build, name):
    """A value of CMake's cache."""
    for line in (build / "CMakeCache.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(name + ":"):
            return line.partition("=")[2]
    return ""


def libraries_of(program):
    """Paths of the shared libraries, and of the loader."""
    finished = run(["ldd", program], 60)
    paths = re.findall(r"(?:=> )?(/\S+) \(0x", finished.output)
    if finished.code != 0 or not paths or "not found" in finished.output:
        raise Unusable(f"ldd cannot read {program}: {finished.last_words().strip()}")
    return [pathlib.Path(path) for path in paths]


def _copy_programs(build, folder):
    (folder / "bin").mkdir()
    (folder / "lib/glibc").mkdir(parents=True)
    for name in _PROGRAMS:
        if run(["strip", "-o", folder / "bin" / name, build / name], 60).code != 0:
            raise Unusable(f"strip cannot read {build / name}")
        for library in libraries_of(build / name):
            own = "lib/glibc" if _GLIBC.match(library.name) else "lib"
            shutil.copy(library, folder / own / library.name)


def _copy_files(root, folder):
    for name in _COPIED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_dir():
            shutil.copytree(root / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, target)


def _pack_sources(root, folder):
    """As they are in the folder, committed or not."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files"], check=False, text=True,
                            stdout=subprocess.PIPE).stdout.splitlines()
    if not listed:
        raise Unusable("a bundle is made in a clone: git lists no files here")
    with tarfile.open(folder / "sources.tar.gz", "w:gz") as archive:
        for name in listed:
            if not name.startswith(_NOT_IN_SOURCES) and (root / name).exists():
                archive.add(root / name, f"allconv/{name}")


def _nvcc_version(build):
    compiler = _cached(build, "CMAKE_CUDA_COMPILER") or _cached(build, "ALLCONV_NVCC")
    found = re.search(r"V(\d[\d.]*)", run([compiler, "--version"], 60).output)
    return found.group(1) if found else "unknown"


def _describe(build, folder, commit):
    facts = {"commit": commit, "nvcc": _nvcc_version(build),
             "architectures": _cached(build, "CMAKE_CUDA_ARCHITECTURES").split(";")}
    (folder / site_facts.MANIFEST).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    architectures = ", ".join(f"sm_{name}" for name in facts["architectures"])
    (folder / "README.txt").write_text(
        _README.format(**{**facts, "architectures": architectures}), encoding="utf-8")


def check_size(folder, most=MOST_BYTES):
    size = site_facts.folder_bytes(folder)
    if size > most:
        raise Unusable(f"the bundle {folder} has {size / 1e6:.1f} MB, more than {most / 1e6:.0f}: "
                       "build for fewer architectures (--architectures)")
    return size


def make(root, folder, architectures, tell):
    """Builds what is packed, in build/bundle. The folder must not be there, or be empty."""
    if folder.exists() and any(folder.iterdir()):
        raise Unusable(f"{folder} is there already and not empty: give another folder")
    build = root / "build/bundle"
    _configure(root, build, architectures, "-G", "Ninja")
    _build(build)
    folder.mkdir(parents=True, exist_ok=True)
    _copy_programs(build, folder)
    _copy_files(root, folder)
    _pack_sources(root, folder)
    packages.pack(build, site_facts.TARGETS, folder / "packages.tar.xz")
    _describe(build, folder, site_facts.Site(root).commit())
    size = check_size(folder)
    tell(f"{folder} has {size / 1e6:.1f} MB; on the GPU's machine: {folder.name}/tools/gpu-check")


def build_again(root, architectures):
    """In a bundle: its programs anew, from its sources and packages."""
    if not (root / site_facts.MANIFEST).exists():
        raise Unusable("--build is for a bundle: a clone is built by every run")
    work = root / "build"
    for name in ("sources.tar.gz", "packages.tar.xz"):
        with tarfile.open(root / name) as archive:
            archive.extractall(work)
    own = work / "packages"
    _configure(work / "allconv", work / "programs", architectures, f"-DCMAKE_PREFIX_PATH={own}",
               f"-DCMAKE_MODULE_PATH={work}/allconv/cmake/bundle",
               f"-DCMAKE_EXE_LINKER_FLAGS=-L{own}/gcc", "-DALLCONV_PATCH=patch")
    _build(work / "programs")
    for name in _PROGRAMS:
        (root / "bin" / name).unlink()
        shutil.copy(work / "programs" / name, root / "bin" / name)
    for name in _OF_COMPILER:
        library = run(["g++", f"-print-file-name={name}"], 60).output.strip()
        shutil.copy(library, root / "lib" / name)
    commit = site_facts.Site(root).commit().partition("+")[0]
    _describe(work / "programs", root, commit + "+built-here")  # earlier results do not count
