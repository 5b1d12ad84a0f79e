"""Programs in Go that something is measured beside, built from their modules; go.sum pins them."""

import os
import pathlib
import shutil
import subprocess

BUILD = pathlib.Path(__file__).resolve().parent.parent.parent / "build"


def build(source, name):
    """The program in the folder `source`, as build/NAME. None: it cannot be had, and why was said."""
    places = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")
    go = shutil.which("go") or next((at for at in places if os.access(at, os.X_OK)), None)
    if go is None:
        return print(f"{name} is left out: there is no go")
    done = subprocess.run([go, "build", "-mod=readonly", "-o", BUILD / name, "."], cwd=source, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        return print(f"{name} is left out: it cannot be built: " + (done.stderr.strip().splitlines() or ["?"])[-1])
    return BUILD / name
