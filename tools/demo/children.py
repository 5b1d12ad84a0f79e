"""The demo's processes: the server, and the load that plays against it. None outlives the demo."""

import asyncio
import ctypes
import json
import os
import signal

PATIENCE = 30  # Seconds for what takes a fraction of one.


def end_with_parent():
    """Runs in the child: the kernel ends it with us. (It has a session of its own: Ctrl-C reaches the demo alone.)"""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Child:
    """One process; its standard error is kept for when it fails."""

    def __init__(self, process):
        self.process = process
        self.said = []

    @classmethod
    async def start(cls, *command, stdout=asyncio.subprocess.DEVNULL):
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=asyncio.subprocess.PIPE,
            start_new_session=True, preexec_fn=end_with_parent)
        return cls(process)

    async def listen(self):
        """Keeps what it says, until it ends."""
        async for line in self.process.stderr:
            self.said = [*self.said[-20:], line.decode(errors="replace").rstrip()]

    async def stop(self, number=signal.SIGTERM):
        """Asks it to end, and sees to it; returns its exit status."""
        if self.process.returncode is None:
            os.kill(self.process.pid, number)  # Not send_signal(), which may take the exit status from asyncio.
        try:
            return await asyncio.wait_for(self.process.wait(), PATIENCE)
        except asyncio.TimeoutError:
            self.kill()
            await self.process.wait()
            raise

    def kill(self):
        if self.process.returncode is None:
            os.kill(self.process.pid, signal.SIGKILL)


class Server(Child):
    """`tallyho serve` on free ports of the loopback."""

    port = 0

    async def wait_until_ready(self):
        while True:
            line = await asyncio.wait_for(self.process.stderr.readline(), PATIENCE)
            if not line:
                raise RuntimeError("the server did not start:\n" + "\n".join(self.said))
            self.said.append(line.decode(errors="replace").rstrip())
            if line.startswith(b"listening on "):
                address = line.decode().removeprefix("listening on ").split(",")[0]
                self.port = int(address.rpartition(":")[2])
                return

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/v1/ws"


class Load(Child):
    """`tallyho load --json`, whose last word is its report."""

    report = None

    async def wait_for_report(self):
        """Until it has played everything; its report is None if it was stopped before."""
        output = await self.process.stdout.read()
        await self.process.wait()
        if self.process.returncode == 0:
            self.report = json.loads(output)
        return self.report
