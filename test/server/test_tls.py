"""TLS, with certificates made for a test, and with clients that do not keep to it."""

import asyncio
import datetime
import http.client
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tallyho_server import PATIENCE, RULESET, TALLYHO, Client, Server


def write_certificate(folder, name="localhost"):
    """A new key and a certificate that it signed itself, in cert.pem and key.pem. Returns its serial number."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
                   .sign(key, hashes.SHA256()))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                                       serialization.PrivateFormat.PKCS8,
                                                       serialization.NoEncryption()))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.serial_number


class TlsTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.path = pathlib.Path(self.folder.name)
        self.serial = write_certificate(self.path)
        self.server = Server("--tls-certificate", str(self.path / "cert.pem"), "--tls-key", str(self.path / "key.pem"))

    def tearDown(self):
        self.server.stop()
        self.folder.cleanup()

    def trusting(self):
        return ssl.create_default_context(cafile=str(self.path / "cert.pem"))

    def connect(self, context):
        raw = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
        try:
            return context.wrap_socket(raw, server_hostname="localhost")
        except BaseException:
            raw.close()
            raise

    def web_socket(self, context=None):
        return websockets.connect(f"wss://localhost:{self.server.port}/v1/ws", ssl=context or self.trusting(),
                                  host="127.0.0.1", server_hostname="localhost", max_size=None, compression=None)

    def request(self, method, path, body=None):
        connection = http.client.HTTPSConnection("localhost", self.server.port, timeout=PATIENCE,
                                                 context=self.trusting())
        connection.connect = lambda: setattr(connection, "sock", self.connect(self.trusting()))
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    async def test_http_and_websockets_go_through_it(self):
        event = {"type": "find", "player": "ada", "id": "e1", "value": 3}
        async with self.web_socket() as opened:
            client = Client(opened)
            self.assertIn("hello", await client.ask({"op": "hello"}))
            self.assertIn("code", (await client.ask(event))["ack"])
            self.assertIn("members", await client.ask({"op": "watch", "board": "global"}))
        status, body = self.request("GET", "/v1/boards")
        self.assertEqual(status, 200)
        self.assertIn("boards", json.loads(body))

    async def test_large_messages_and_many_of_them_come_whole(self):
        """Larger than a record of TLS, and than what is encrypted at once: in both directions."""
        lines = [json.dumps({"op": "ping", "ref": f"{n:05}" + "x" * 400}) for n in range(1500)]
        async with self.web_socket() as opened:
            for _ in range(3):
                await opened.send("\n".join(lines))
            client = Client(opened)
            for _ in range(3):
                for line in lines:
                    self.assertEqual((await client.receive())["ref"], json.loads(line)["ref"])
        body = "[" + ",".join('{"type":"find"}' for _ in range(40_000)) + "]"
        status, answer = await asyncio.to_thread(self.request, "POST", "/v1/events", body)
        self.assertEqual((status, len(json.loads(answer))), (200, 40_000))

    async def test_only_tls_1_2_and_1_3_are_spoken(self):
        for version, wanted in [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]:
            context = self.trusting()
            context.minimum_version = context.maximum_version = version
            with self.connect(context) as connected:
                self.assertEqual(connected.version(), wanted)
        run = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-tls1_1",
                              "-cipher", "ALL:@SECLEVEL=0"], input=b"", capture_output=True, timeout=PATIENCE)
        self.assertNotEqual(run.returncode, 0)

    async def test_a_client_may_not_begin_another_handshake(self):
        """Renegotiation, which TLS 1.2 has: each is work for the server, and the client decides how often."""
        async with self.web_socket() as opened:
            with tempfile.TemporaryFile() as said:
                command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-tls1_2"]
                client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
                client.stdin.write(b"R\n")
                client.stdin.flush()  # And stays open, so that the client does not end by itself.
                self.assertNotEqual(await asyncio.to_thread(client.wait, PATIENCE), 0)
                client.stdin.close()
                said.seek(0)
                words = said.read()
            self.assertIn(b"RENEGOTIATING", words)
            self.assertIn(b"no renegotiation", words)
            self.assertIn("pong", await Client(opened).ask({"op": "ping"}))

    async def test_a_client_may_choose_http_1_1_and_nothing_else(self):
        for offered, chosen in [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), ([], None)]:
            context = self.trusting()
            if offered:
                context.set_alpn_protocols(offered)
            with self.connect(context) as connected:
                self.assertEqual(connected.selected_alpn_protocol(), chosen)
        context = self.trusting()
        context.set_alpn_protocols(["h2"])
        with self.assertRaises(ssl.SSLError):
            self.connect(context)

    async def test_what_is_not_tls_is_dropped_and_others_do_not_notice(self):
        async with self.web_socket() as opened:
            for bytes_sent in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 70_000,
                               b"\x16\x03\x01\x00\x05hello", bytes(range(256)) * 64, b"\x15\x03\x03\x00\x02\x02\x28"):
                with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as raw:
                    try:
                        raw.sendall(bytes_sent)
                        while raw.recv(4096):
                            pass
                    except ConnectionError:
                        pass
            self.assertIn("pong", await Client(opened).ask({"op": "ping"}))

    async def test_a_certificate_is_changed_without_dropping_connections(self):
        async with self.web_socket() as before:
            old = self.trusting()
            (self.path / "key.pem").write_text("no key")
            self.reload("the certificate stays what it was")
            with self.connect(old) as still:
                self.assertEqual(int(still.getpeercert()["serialNumber"], 16), self.serial)
            new_serial = write_certificate(self.path)
            self.reload("read the certificate again")
            with self.connect(self.trusting()) as connected:
                self.assertEqual(int(connected.getpeercert()["serialNumber"], 16), new_serial)
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.connect(old)
            self.assertIn("pong", await Client(before).ask({"op": "ping"}))

    def reload(self, words):
        self.server.process.send_signal(signal.SIGHUP)
        for line in self.server.process.stderr:
            if words in line:
                return
        self.fail("the server ended")

    async def test_closing_says_goodbye(self):
        with self.connect(self.trusting()) as connected:
            connected.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := connected.recv(4096):  # Without a goodbye this would raise: suppress_ragged_eofs is off.
                answer += part
            self.assertIn(b"200 OK", answer)

    async def test_a_server_that_stops_closes_websockets_properly(self):
        async with self.web_socket() as opened:
            await Client(opened).ask({"op": "hello"})
            self.server.ask_to_stop()
            with self.assertRaises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(opened.recv(), PATIENCE)
            self.assertEqual(closed.exception.rcvd.code, 1001)


class HalfHandshakeTest(unittest.TestCase):
    def test_a_handshake_that_does_not_go_on_is_dropped(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = pathlib.Path(folder)
            write_certificate(path)
            server = Server("--tls-certificate", str(path / "cert.pem"), "--tls-key", str(path / "key.pem"),
                            "--limits-header-timeout", "200ms")
            try:
                for begun in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01"):
                    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as raw:
                        raw.sendall(begun)
                        self.assertEqual(raw.recv(1), b"", begun)
            finally:
                server.stop()


class CertificateTest(unittest.TestCase):
    def check(self, *arguments):
        return subprocess.run([TALLYHO, "serve", "--check", "--dev", "--ruleset", str(RULESET), *map(str, arguments)],
                              capture_output=True, text=True, timeout=PATIENCE)

    def test_what_can_not_be_used_is_said_by_name(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = pathlib.Path(folder)
            write_certificate(path)
            other = path / "other"
            other.mkdir()
            write_certificate(other)
            (path / "junk.pem").write_text("junk")
            cert, key = path / "cert.pem", path / "key.pem"
            self.assertEqual(self.check("--tls-certificate", cert, "--tls-key", key).returncode, 0)
            for arguments, words in [
                    (("--tls-certificate", cert), "go together"), (("--tls-key", key), "go together"),
                    (("--tls-certificate", path / "none.pem", "--tls-key", key), "none.pem"),
                    (("--tls-certificate", path / "junk.pem", "--tls-key", key), "junk.pem"),
                    (("--tls-certificate", cert, "--tls-key", path / "junk.pem"), "junk.pem"),
                    (("--tls-certificate", cert, "--tls-key", other / "key.pem"), "other/key.pem")]:
                run = self.check(*arguments)
                self.assertEqual(run.returncode, 1, arguments)
                self.assertIn(words, run.stderr)


if __name__ == "__main__":
    unittest.main()
