"""The services that are compared: each started as its own processes, with what they take of memory and processor."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def status_mib(process, name="VmRSS"):
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name + ":")) / 1024


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """Processes, and the address that the last of them says it listens on."""

    def __init__(self):
        self.processes = []
        self.url = None
        self.mib = []           # Resident, all processes together, once a second.
        self.sampling = threading.Event()
        self.sampler = threading.Thread(target=self.sample, daemon=True)

    def start(self, command, **options):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        self.processes.append(process)
        for line in process.stdout:
            if line.startswith("listening on "):
                self.url = f"ws://{line.removeprefix('listening on ').split(',')[0].strip()}/v1/ws"
                threading.Thread(target=process.stdout.read, daemon=True).start()  # So that it never has to wait.
                return
        raise RuntimeError(f"{command[0]} did not start")

    def sample(self):
        while not self.sampling.wait(1):
            self.mib.append(sum(status_mib(process) for process in self.processes))

    def __enter__(self):
        self.open()
        self.sampler.start()
        return self

    def __exit__(self, *_):
        self.sampling.set()
        self.sampler.join()
        for process in reversed(self.processes):
            process.terminate()
            process.wait(60)

    def open(self):
        raise NotImplementedError

    def cpu_seconds(self):
        return sum(cpu_seconds(process) for process in self.processes)


class Before(Server):
    """asyncio, uvloop, websockets; rules compiled by Cython; boards in Redis on a Unix socket."""

    name = "before"

    def __init__(self, package):
        super().__init__()
        self.package = package
        self.folder = tempfile.mkdtemp(prefix="tallyho-")

    def open(self):
        path = str(pathlib.Path(self.folder, "redis"))
        self.processes.append(subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir",
             self.folder], stdout=subprocess.DEVNULL))
        for _ in range(200):
            if pathlib.Path(path).exists():
                break
            time.sleep(0.05)
        self.start(["/usr/bin/python3", "-m", "before.service", "--redis", path, "--listen", "127.0.0.1:0"],
                   cwd=self.package)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        shutil.rmtree(self.folder)


class After(Server):
    """asyncio, uvloop, websockets as before; rules and boards by the library: examples/python_service."""

    name = "after"
    python = ROOT / "build/venv/bin/python"

    def open(self):
        self.start([str(self.python), str(ROOT / "examples/python_service/service.py"), "--port", "0"])


class Tallyho(Server):
    """`tallyho serve`, its log in memory, as the service before has none at all."""

    name = "tallyho"

    def __init__(self, program):
        super().__init__()
        self.program = program

    def open(self):
        self.start([self.program, "serve", "--ruleset", str(ROOT / "rulesets/treasure-hunt.yaml"), "--dev", "--listen",
                    "127.0.0.1:0", "--admin", "127.0.0.1:0"])


def after_can_run():
    """Says what is missing, if anything is."""
    done = subprocess.run([str(After.python), "-c", "import tallyho, uvloop, websockets"], capture_output=True,
                          text=True, check=False) if After.python.exists() else None
    if done is None or done.returncode != 0:
        print("without the service after: build/venv has no tallyho; ./dev python makes it")
        return False
    return True


def before_can_run(package):
    """Says what is missing, if anything is."""
    if package is None:
        return False
    if shutil.which("redis-server") is None:
        print("without the service before: redis-server is not installed")
        return False
    done = subprocess.run(["/usr/bin/python3", "-c", "import uvloop, websockets, hiredis"], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        print(f"without the service before: {done.stderr.strip().splitlines()[-1]}")
    return done.returncode == 0
