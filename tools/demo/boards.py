"""Every board of the server, whole, and how it differs from what scoring the record gives."""

import http.client
import json
import time
import urllib.parse


class Api:
    """GET requests over one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path, **query):
        words = urllib.parse.urlencode({key: value for key, value in query.items() if value is not None})
        self.connection.request("GET", path + ("?" + words if words else ""))
        response = self.connection.getresponse()
        body = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(f"GET {path}: {response.status} {body}")
        return body

    def boards(self):
        return self.get("/v1/boards")["boards"]

    def wait_until_quiet(self):
        """Until no event came for half a second."""
        version = None
        while version != (version := self.get("/v1/boards/global", limit=1)["version"]):
            time.sleep(0.5)
        return version

    def members(self, board, group=None, window=None):
        """A whole board, page by page."""
        found, cursor = [], None
        while True:
            page = self.get(f"/v1/boards/{urllib.parse.quote(board)}", limit=1000, group=group, window=window,
                            cursor=cursor)
            found += page["members"]
            cursor = page.get("cursor")
            if cursor is None:
                return found


def sections(offline, has_windows):
    """(group, window, members) of each part of a board as `tallyho score --boards` writes it."""
    if isinstance(offline, list):
        yield None, None, offline
        return
    for name, inside in offline.items():
        if isinstance(inside, dict):
            for window, members in inside.items():
                yield name, window, members
        elif has_windows:
            yield None, name, inside
        else:
            yield name, None, inside


def compare(api, offline):
    """(what was compared, whether it is the same) for each board of the server."""
    for board in api.boards():
        name, has_windows, members, same = board["id"], "windows" in board, 0, True
        current = {window["window"] for window in board.get("windows", [])}
        groups = set()
        for group, window, expected in sections(offline.get(name, []), has_windows):
            if window is not None and window not in current:
                continue  # Not readable any more.
            found = api.members(name, group, window)
            same = same and found == expected
            members += len(found)
            groups.add(group)
        if "groups" in board:
            same = same and len(groups) == board["groups"]
        if not has_windows:
            same = same and members == board["size"]
        inside = f" in {len(groups)} groups" if "groups" in board else ""
        yield f"{name}: {members:,} members{inside}", same
