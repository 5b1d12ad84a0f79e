"""Shows what was seen: redrawn in place on a terminal, a line a second elsewhere."""

import shutil
import sys

CLEAR_LINE, CLEAR_BELOW, HOME, CLEAR = "\x1b[K", "\x1b[J", "\x1b[H", "\x1b[2J"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
BOLD, DIM, GREEN, RED, YELLOW, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[0m"


def milliseconds(latency):
    """`0.4 / 1.2 ms`: the middle one and the worst of a hundred."""
    if not latency.samples:
        return "-"
    return f"{latency.percentile(50):.1f} / {latency.percentile(99):.1f} ms"


def rank_of(place):
    """`17 ▲6`, from the rank in an ack."""
    if not place:
        return "-"
    gained = (place.get("was") or place["rank"]) - place["rank"]
    return f"{place['rank']}" + (f" ▲{gained}" if gained > 0 else f" ▼{-gained}" if gained < 0 else "")


def arrow(moved):
    if moved > 0:
        return f"{GREEN}▲{moved:<3}{PLAIN}"
    return f"{RED}▼{-moved:<3}{PLAIN}" if moved < 0 else "    "


class Terminal:
    """Four times a second, the whole picture, in place."""

    interval = 0.25

    def __enter__(self):
        sys.stdout.write(CLEAR + HIDE_CURSOR)
        return self

    def __exit__(self, *_):
        sys.stdout.write(SHOW_CURSOR + "\n")
        sys.stdout.flush()

    def show(self, seen, elapsed, now):
        rows = shutil.get_terminal_size().lines
        lines = [*self.head(seen, elapsed), "", *self.board(seen, now), "", *self.player(seen), "", *self.news(seen)]
        sys.stdout.write(HOME + "".join(f"{line}{CLEAR_LINE}\n" for line in lines[:rows - 1]) + CLEAR_BELOW)
        sys.stdout.flush()

    def head(self, seen, elapsed):
        return [f"{BOLD}Treasure hunt{PLAIN}   {elapsed:4.0f} s   {seen.rate():>7,.0f} events/s   "
                f"{seen.top.version:>9,} events   {seen.top.of:>6,} players   {DIM}Ctrl-C ends{PLAIN}",
                f"{DIM}ack{PLAIN} {milliseconds(seen.ack)}   {DIM}push{PLAIN} {milliseconds(seen.push)}"
                f"   {DIM}(p50 / p99 of what Ada sends, client to client){PLAIN}"]

    def board(self, seen, now):
        yield f"{BOLD}What a spectator sees: the top ten{PLAIN}"
        for rank, member, value, moved in seen.top.lines(now):
            name = f"{YELLOW}{member:<12}{PLAIN}" if member == "ada" else f"{member:<12}"
            yield f"  {rank:>2}  {name} {value:>12,}  {arrow(moved)}"

    def player(self, seen):
        ack = seen.last_ack or {}
        yield f"{BOLD}What a player sees: Ada{PLAIN}"
        yield (f"  {seen.last_type:<18} {ack.get('code', ''):<9} {ack.get('points', 0):>+6,} points"
               f"   total {ack.get('total', 0):>9,}   rank {rank_of(seen.place)}")
        fired = [f"{rule} {points:+}" for rule, points in ack.get("fired", []) if points]
        yield f"  {DIM}{', '.join(fired) or '-'}{PLAIN}"

    def news(self, seen):
        yield f"{BOLD}Notices{PLAIN}"
        for player, text in seen.notices:
            yield f"  {player:<12} {text}"


class Lines:
    """A plain line a second."""

    interval = 1.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def show(self, seen, elapsed, now):
        first = next(iter(seen.top.lines(now)), None)
        leader = f"{first[1]} {first[2]:,}" if first else "-"
        total = (seen.last_ack or {}).get("total", 0)
        print(f"{elapsed:3.0f} s  {seen.rate():6,.0f} events/s  first: {leader}  ada: rank {rank_of(seen.place)}, "
              f"{total:,}  ack {milliseconds(seen.ack)}  push {milliseconds(seen.push)}", flush=True)


def for_output():
    return Terminal() if sys.stdout.isatty() else Lines()
