"""The transcripts in the documents are true: runs their commands and compares what they print.

A transcript is the code blocks of a document that are marked `console`: lines that begin with `$ ` are typed, in one
shell, and the others are what appears. `…` stands for anything within a line. The server's usual ports are replaced by
free ones, and `mktemp` makes what is gone afterwards.
"""

import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE = 60  # Seconds until a line that should come has not come.


def transcripts(text):
    """Of all blocks a list of (command, lines that appear)."""
    steps = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def matches(expected, line):
    return re.fullmatch(".*".join(re.escape(part) for part in expected.split("…")), line) is not None


class Shell:
    """One bash, with `tallyho` in its path; output and errors come as one stream of lines."""

    def __init__(self, folder):
        environment = dict(os.environ, PATH=f"{folder}:{os.environ.get('PATH', '')}", TMPDIR=folder,
                           LC_ALL="C.UTF-8")
        self.process = subprocess.Popen(["bash", "--norc"], cwd=ROOT, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
                                        start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def run(self, command, count):
        """The next `count` lines after `command`: what it printed, and no more unless something went wrong."""
        self.process.stdin.write(command + "\n")
        if not command.endswith("&"):
            self.process.stdin.write("echo '(done)'\n")
        printed = []
        while not (command.endswith("&") and len(printed) == count):
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                return [*printed, "(and then nothing)"]
            if line == "(done)":
                break
            printed.append(line)
        return printed

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()


class ReadmeTest(unittest.TestCase):
    def test_the_transcripts_are_what_one_sees(self):
        for document in ("README.md", "docs/kill-and-replay.md"):
            steps = transcripts((ROOT / document).read_text(encoding="utf-8"))
            self.assertGreater(len(steps), 0)
            with self.subTest(document):
                self.check(steps, dict(zip(("7070", "7071"), free_ports(2))))

    def check(self, steps, ports):
        def here(text):
            return re.sub(r"\b707[01]\b", lambda found: ports[found.group(0)], text)

        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            os.symlink(pathlib.Path(os.environ["TALLYHO"]).resolve(), pathlib.Path(folder) / "tallyho")
            shell = Shell(folder)
            try:
                for command, expected in steps:
                    typed = here(command)
                    if typed.startswith("tallyho serve"):
                        typed = typed.replace("--dev", f"--dev --listen 127.0.0.1:{ports['7070']} "
                                                       f"--admin 127.0.0.1:{ports['7071']}")
                    printed = shell.run(typed, len(expected))
                    with self.subTest(command):
                        self.assertEqual(len(printed), len(expected), "\n".join(printed))
                        for should, line in zip(expected, printed):
                            self.assertTrue(matches(here(should), line), f"\nwritten: {should}\nseen:    {line}")
            finally:
                shell.close()


if __name__ == "__main__":
    unittest.main()
