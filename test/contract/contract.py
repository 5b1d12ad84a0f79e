"""Drives schemathesis, which makes requests out of the OpenAPI description, against a running server: whatever comes
back must be described. Run by ./dev contract: contract.py SCHEMATHESIS DESCRIPTION, the second being written."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "server"))
from tallyho_server import Server, find  # noqa: E402

# Not positive_data_acceptance: cursors, groups, windows and players are the server's to give, so that what the
# description allows may still be refused. Not allow_header_conformance: some paths take more on the admin listener.
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "negative_data_rejection", "unsupported_method"]


def drive(program, url, description, *selection):
    """Exit status 0: no failure."""
    return subprocess.run(
        [program.resolve(), "--config-file", HERE / "schemathesis.toml", "run", description, "--url", url, "--checks",
         ",".join(CHECKS), "--phases", "coverage,fuzzing", "--max-examples", os.environ.get("EXAMPLES", "50"),
         "--continue-on-failure", "--request-timeout", "30", "--warnings", "off", *selection],
        cwd=description.parent, check=False).returncode  # It leaves files where it runs.


def main():
    server = Server()
    try:
        for player, value in (("ada", 10), ("bob", 20), ("cyd", 20)):
            server.post_event(find(player, value, id="e-" + player))
        program, description = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/v1/openapi.json", timeout=30) as answer:
            description.write_text(json.dumps(json.load(answer)), encoding="utf-8")
        # A stream has no end, so that nobody would come back from it.
        statuses = [drive(program, f"http://127.0.0.1:{server.port}", description, "--exclude-tag", "admin",
                          "--exclude-path", "/v1/boards/{id}/stream"),
                    drive(program, f"http://127.0.0.1:{server.admin_port}", description, "--include-tag", "admin")]
    finally:
        status = server.stop()
    return 1 if status != 0 or any(statuses) else 0


if __name__ == "__main__":
    sys.exit(main())
