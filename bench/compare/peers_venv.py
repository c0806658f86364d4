"""The folder with the peers from PyPI."""

import pathlib
import subprocess
import venv

from hosts import say

PACKAGES = ("numpy", "onnx", "onnxruntime", "openvino", "ncnn", "torch", "captum")


def python_of(folder):
    """The folder's interpreter; raises FileNotFoundError where there is none."""
    python = pathlib.Path(folder, "bin", "python")
    if not python.exists():
        raise FileNotFoundError(f"{folder} is no venv: make it by --make-venv {folder}")
    return python


def make(folder):
    """Makes the folder, or completes it. Downloads some gigabytes, most of which is PyTorch."""
    say(f"installing {', '.join(PACKAGES)} from PyPI in {folder}")
    venv.create(folder, with_pip=True)
    python = python_of(folder)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python
