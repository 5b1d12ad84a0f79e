"""Receivers of what the server says by POST, for its tests: an HTTP server that remembers, and can behave badly."""

import http.server
import json
import socket
import ssl
import threading
import time

PATIENCE = 120  # Seconds until something that should come has not come: what is retried waits in between.


class Receiver:
    """Takes POSTs on a port of 127.0.0.1 that it keeps.

    `behave(request)` is asked what to answer: a status, or (status, headers), or None to close the connection without
    an answer. What it answers with 2xx is kept.

    With `tls`, an ssl.SSLContext, it is one with https. `heard` is how many requests began, were it with a byte.
    """

    def __init__(self, behave=lambda request: 200, tls=None):
        self.behave = behave
        self.tls = tls
        self.heard = 0
        self.connections = set()
        self.taken = []  # Requests.
        self.seen = 0  # How many came.
        self.changed = threading.Condition()
        self.port = 0
        self.server = None
        self.open()

    def open(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                receiver.connections.add(self.request)
                if isinstance(self.request, ssl.SSLSocket):
                    self.request.do_handshake()
                super().setup()

            def finish(self):
                receiver.connections.discard(self.request)
                super().finish()

            def parse_request(self):
                receiver.heard += 1
                return super().parse_request()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.path, dict(self.headers.items()), body)
                with receiver.changed:
                    receiver.seen += 1
                    receiver.changed.notify_all()
                answer = receiver.behave(request)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                with receiver.changed:
                    if 200 <= status < 300:
                        receiver.taken.append(request)
                    receiver.changed.notify_all()
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")
                except OSError:
                    pass  # The sender is gone; whether it has heard the answer is its problem.

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass  # The sender is gone, as one that was killed is.

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def vanish(self):
        """Nobody listens any more, until open(), and connections are gone."""
        self.server.shutdown()
        self.server.server_close()
        self.hang_up()

    def hang_up(self):
        """Ends the connections there are."""
        while self.connections:
            try:
                self.connections.pop().shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It was gone already.

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def wait(self, claim, what):
        """Waits until `claim()`, looked at after each request."""
        end = time.monotonic() + PATIENCE
        with self.changed:
            while not claim():
                if not self.changed.wait(max(0.0, end - time.monotonic())):
                    raise AssertionError(f"waited in vain for {what}; {len(self.taken)} of {self.seen} were taken")


class Request:
    def __init__(self, path, headers, body):
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def json(self):
        return json.loads(self.body)
