"""Compiles the Python of before/ with Cython: the same files, with the types of their .pxd.

    folder = compiled.build()   # Put it first in sys.path, and `import before.game` is machine code.
"""

import pathlib
import shutil
import subprocess
import sysconfig

SOURCE = pathlib.Path(__file__).resolve().parent / "before"
BUILT = SOURCE.parents[2] / "build/bench/article"
MODULES = ("times", "events", "player", "rules", "game", "boards", "redis_boards")
CYTHON = "cython3"


def build():
    """Returns the folder that holds the package `before`, compiled; None, with a word why, where there is no Cython."""
    include = sysconfig.get_paths()["include"]
    if shutil.which(CYTHON) is None or not pathlib.Path(include, "Python.h").is_file():
        print(f"without compiled rules: {CYTHON} or Python's headers are not installed")
        return None
    package = BUILT / "before"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
    sources = [str(package / f"{module}.py") for module in MODULES]
    subprocess.run([CYTHON, "-3", *sources], check=True)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    for module in MODULES:
        source, library = package / f"{module}.c", package / f"{module}{suffix}"
        subprocess.run(["gcc", "-O3", "-DNDEBUG", "-shared", "-fPIC", "-w", f"-I{include}", source, "-o", library],
                       check=True)
        source.unlink()
    return BUILT
