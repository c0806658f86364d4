"""The packages that the sources are built with, in a bundle: headers, archives, CMake's files.

What is needed is read off a build: the headers that its objects were made from, the libraries of
its link commands. The C and C++ libraries and the CUDA toolkit are the compiler's, and stay out.
"""

import os
import pathlib
import re
import shlex
import subprocess
import tarfile

from execution import Unusable

_OF_COMPILERS = re.compile(r"^(libc6-dev|linux-libc-dev|libcrypt-dev|libstdc\+\+|libgcc|cuda)")
_SYSTEM = pathlib.Path("/usr")
_ARCH_FOLDER = re.compile(r"^[a-z0-9_]+-linux-gnu$")
# What CMake looks for, though nothing is built of it.
_ALSO = ("include/boost/config.hpp", "include/boost/version.hpp",
         "include/boost/context/detail/fcontext.hpp", "lib/{arch}/libboost_context.a",
         "lib/{arch}/libgtest_main.a", "lib/{arch}/libgmock.a", "lib/{arch}/libgmock_main.a",
         "lib/{arch}/cmake/GTest/GMockTargets.cmake",
         "lib/{arch}/cmake/GTest/GMockTargets-none.cmake")
_OF_FORTRAN = ("libgfortran.a", "libquadmath.a")


def _output(*command):
    done = subprocess.run([str(word) for word in command], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout


def _owners(paths):
    """{path: package} of those that a package has."""
    owners = {}
    for line in _output("dpkg", "-S", *paths).splitlines():
        package, found, path = line.partition(": ")
        if found:
            owners[path] = package.split(",")[0].split(":")[0]
    return owners


def headers_of(build):
    """{header: package or None} of what the build's objects include from /usr/include."""
    deps = _output("ninja", "-C", build, "-t", "deps").splitlines()
    listed = {os.path.normpath(os.path.join(build, line.strip()))
              for line in deps if line.startswith("    ")}
    paths = sorted(path for path in listed
                   if path.startswith("/usr/include/") and "/c++/" not in path)
    owners = _owners(paths)
    return {path: owners.get(path) for path in paths
            if not _OF_COMPILERS.match(owners.get(path) or "")}


def _libraries(build, targets):
    """Those of /usr/lib that the targets are linked to."""
    commands = _output("ninja", "-C", build, "-t", "commands", *targets)
    words = {word for line in commands.splitlines() if " -o " in line and "/usr/lib" in line
             for word in shlex.split(line) if word.startswith("/usr/lib/")}
    return sorted(word for word in words if re.search(r"\.(a|so[.\d]*)$", word))


def _cmake_files(packages):
    listed = _output("dpkg", "-L", *packages).splitlines()
    return [path for path in listed if "/cmake/" in path and path.endswith(".cmake")]


def _place(path):
    """Below the packages' folder. Headers of one architecture stand beside the others."""
    parts = path.relative_to(_SYSTEM).parts
    if parts[0] == "include" and _ARCH_FOLDER.match(parts[1]):
        parts = (parts[0], *parts[2:])
    return pathlib.PurePath("packages", *parts)


def pack(build, targets, archive_path):
    """Writes packages.tar.xz."""
    headers = headers_of(build)
    packages = sorted({name for name in headers.values() if name})
    arch = _output("gcc", "-print-multiarch").strip()
    paths = {*headers, *_libraries(build, targets), *_cmake_files(packages),
             *(str(_SYSTEM / name.format(arch=arch)) for name in _ALSO)}
    if not headers or not packages:
        raise Unusable(f"{build} tells no headers: packages are packed by ninja's and dpkg's lists")
    with tarfile.open(archive_path, "w:xz", dereference=True) as archive:
        for path in sorted(paths):
            archive.add(path, _place(pathlib.Path(path)))
        for name in _OF_FORTRAN:
            archive.add(_output("gcc", f"-print-file-name={name}").strip(), f"packages/gcc/{name}")
