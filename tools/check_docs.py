"""Documents: one title each, headings that don't skip a level, and links to files and headings that exist."""

import re
import sys

import tree

LINK = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#{1,6}) +(.*?)\s*$")


def prose(text):
    """The lines outside of code blocks, numbered; inline code is blanked in the second part."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*(```|~~~)", line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchor(heading):
    """The anchor that a heading gets on the usual hosts: lower case, spaces to dashes, punctuation gone."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(text):
    return {anchor(match.group(2)) for _, line in prose(text) if (match := HEADING.match(line))}


def check_headings(name, text):
    problems, titles, level = [], 0, 0
    for number, line in prose(text):
        match = HEADING.match(line)
        if not match:
            continue
        depth = len(match.group(1))
        titles += depth == 1
        if depth > level + 1:
            problems.append(f"{name}:{number}: a heading of level {depth} under one of level {level}")
        level = depth
    if titles != 1:
        problems.append(f"{name}: {titles} titles (`# …`); a document has one")
    return problems


def check_links(root, path, text):
    problems, name = [], path.relative_to(root)
    for number, line in prose(text):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, heading = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists():
                problems.append(f"{name}:{number}: there is no {target}")
            elif heading and there.suffix == ".md" and heading not in anchors(there.read_text(encoding="utf-8")):
                problems.append(f"{name}:{number}: {there.name} has no heading #{heading}")
    return problems


def check(root):
    problems = []
    for path in tree.files(root, {".md"}):
        text = path.read_text(encoding="utf-8")
        if text.count("\n```") % 2 and not text.startswith("```"):
            problems.append(f"{path.relative_to(root)}: a code block isn't closed")
        problems += check_headings(path.relative_to(root), text) + check_links(root, path, text)
    return problems


if __name__ == "__main__":
    sys.exit(tree.run(check, sys.argv))
