"""What the Debian package brings: a configuration that the server takes, a unit and scripts that are well-formed."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from tallyho_server import PATIENCE, TALLYHO

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


class PackageTest(unittest.TestCase):
    def test_the_server_takes_the_configuration_that_is_installed(self):
        text = (PACKAGING / "tallyho.yaml").read_text()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            subprocess.run([TALLYHO, "token", "--new-secret", folder + "/token.secret"], check=True,
                           capture_output=True, timeout=PATIENCE)
            text = text.replace("/etc/tallyho", folder).replace("/usr/share/tallyho", str(ROOT / "rulesets"))
            (pathlib.Path(folder) / "tallyho.yaml").write_text(text)
            run = subprocess.run([TALLYHO, "serve", "--config", folder + "/tallyho.yaml", "--check"],
                                 capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_what_it_suggests_in_comments_are_settings(self):
        text = (PACKAGING / "tallyho.yaml").read_text()
        suggested = "\n".join(re.findall(r"^# ((?:tls|behind_proxy|origin):.*)$", text, re.MULTILINE))
        self.assertEqual(len(suggested.splitlines()), 3)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = pathlib.Path(folder) / "tallyho.yaml"
            path.write_text(suggested + "\nruleset: nowhere.yaml\n")
            run = subprocess.run([TALLYHO, "serve", "--config", path, "--check"], capture_output=True, text=True,
                                 timeout=PATIENCE)
            self.assertNotIn("unknown key", run.stderr)
            self.assertIn("nowhere.yaml", run.stderr, "it went on to what comes after the configuration")

    def test_the_scripts_are_shell(self):
        for name in ("postinst", "prerm", "postrm"):
            self.assertTrue((PACKAGING / name).stat().st_mode & 0o100, name)
            subprocess.run(["sh", "-n", PACKAGING / name], check=True, timeout=PATIENCE)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
    def test_the_unit_is_shut_in(self):
        run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20",
                              PACKAGING / "tallyho.service"], capture_output=True, text=True, timeout=PATIENCE)
        if "Failed to load" in run.stderr or "Unknown" in run.stderr:
            self.skipTest(run.stderr)
        self.assertEqual(run.returncode, 0, run.stdout[-2000:] + run.stderr)


if __name__ == "__main__":
    unittest.main()
