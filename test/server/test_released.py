"""A data directory that a released version has written is read by this one: released/VERSION.tar.xz, made by
released_directory.py, comes to what released/VERSION.json says it came to then. From its snapshots, and from its log
alone.
"""

import json
import pathlib
import re
import tarfile
import tempfile
import unittest

from released_directory import RELEASED, run, seen
from tallyho_server import HERE


class Released(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def unpack(self, archive, name):
        data = self.folder / name
        data.mkdir()
        with tarfile.open(archive) as tar:
            tar.extractall(data)
        return data

    def test_the_directory_of_every_released_version_is_read(self):
        for archive in sorted(RELEASED.glob("*.tar.xz")):
            version = archive.name.removesuffix(".tar.xz")
            expected = json.loads((RELEASED / f"{version}.json").read_text(encoding="utf-8"))
            with self.subTest(version=version):
                data = self.unpack(archive, version)
                self.assertTrue(json.loads(run("log", "verify", "--data", data, "--json"))["ok"])
                self.assertGreaterEqual(len(list(data.glob("*.snapshot"))), 2)
                self.check(data, expected)
            with self.subTest(version=version, of="the log alone"):
                data = self.unpack(archive, version + "-log")
                for path in [*data.glob("*.snapshot*"), *data.glob("ledger-*")]:
                    path.unlink()
                self.check(data, expected)

    def check(self, data, expected):
        said, found = seen(data)
        self.assertNotIn("cannot be used", said)
        self.assertEqual(found.keys(), expected.keys())
        for what in expected:
            self.assertEqual(found[what], expected[what], what)

    def test_there_is_one_of_this_version(self):
        project = (HERE.parent.parent / "CMakeLists.txt").read_text(encoding="utf-8")
        version = re.search(r"project\(tallyho VERSION ([\d.]+)", project)[1]
        self.assertTrue((RELEASED / f"{version}.tar.xz").exists(), "released_directory.py makes it")


if __name__ == "__main__":
    unittest.main()
