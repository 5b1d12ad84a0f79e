"""What a watch shows, kept up by applying changes as the protocol describes it."""


class Mirror:
    def __init__(self, snapshot):
        self.version = snapshot["version"]
        self.of = snapshot["of"]
        self.members = {m["member"]: (m["rank"], m["value"]) for m in snapshot["members"]}

    def apply(self, change):
        assert change["version"] >= self.version, (change["version"], self.version)
        self.version = change["version"]
        self.of = change["of"]
        for entry in change["changes"]:
            if entry.get("left"):
                del self.members[entry["member"]]
            else:
                self.members[entry["member"]] = (entry["rank"], entry["value"])

    def shown(self):
        return sorted((rank, member, value) for member, (rank, value) in self.members.items())


def of_page(page):
    return [(m["rank"], m["member"], m["value"]) for m in page["members"]]
