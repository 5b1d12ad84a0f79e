"""Brings the tests of CEL's specification: `fetch.py FOLDER` leaves FOLDER/conformance.json and its fellows there.

The npm package that package-lock.json pins is fetched from the registry that npm would use, checked against the lock
file's hash, unpacked, and exported to JSON. What is there already is kept. Why npm doesn't do it: decision 0007.
"""

import base64
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = "@bufbuild/cel-spec"
TRIES = 3


def registry():
    """The URL of the registry, as npm takes it from the environment or from the user's .npmrc."""
    for name, value in os.environ.items():
        if name.lower() == "npm_config_registry" and value:
            return value.rstrip("/")
    config = pathlib.Path(os.environ.get("NPM_CONFIG_USERCONFIG") or pathlib.Path.home() / ".npmrc")
    if config.is_file():
        for line in config.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "registry":
                return value.strip().strip('"').rstrip("/")
    return "https://registry.npmjs.org"


def download(url):
    for attempt in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read()
        except (urllib.error.URLError, TimeoutError) as error:
            if attempt == TRIES:
                sys.exit(f"cannot fetch {url}: {error}")
            time.sleep(attempt)


def check(content, integrity):
    """Ends the program unless the content has this hash, which is written as in a lock file: sha512-…"""
    method, _, wanted = integrity.partition("-")
    found = base64.b64encode(hashlib.new(method, content).digest()).decode()
    if found != wanted:
        sys.exit(f"{PACKAGE} is not what the lock file says: its {method} is {found}")


def main():
    folder = pathlib.Path(sys.argv[1])
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    locked = lock["packages"][f"node_modules/{PACKAGE}"]
    stamp = folder / "integrity"
    wanted = locked["integrity"] + "\n" + hashlib.sha256((HERE / "export.js").read_bytes()).hexdigest() + "\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    content = download(f"{registry()}/{PACKAGE}/-/{PACKAGE.split('/')[1]}-{locked['version']}.tgz")
    check(content, locked["integrity"])
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder)  # Its root is "package".
    node = ["node", str(HERE / "export.js"), str(folder / "package"), str(folder)]
    subprocess.run(node, check=True)
    stamp.write_text(wanted, encoding="utf-8")
    print(f"{PACKAGE} {locked['version']} is in {folder}")


if __name__ == "__main__":
    main()
