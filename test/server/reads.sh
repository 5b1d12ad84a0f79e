#!/usr/bin/env bash
# Every read that a board answers, with curl, on a server of its own: what a client sees, as a transcript on stdout.
#
#     test/server/reads.sh build/release/bin/tallyho
#
# test_reads.py runs it and compares what matters.
set -euo pipefail

tallyho=$1
folder=$(mktemp -d)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

"$tallyho" serve --ruleset "$here/game.yaml" --dev --listen 127.0.0.1:0 --admin 127.0.0.1:0 2>"$folder/said" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
until grep -q '^listening on ' "$folder/said"; do
  kill -0 "$server"
  sleep 0.05
done
listen=$(sed -n 's/^listening on \([^,]*\), admin on .*/\1/p' "$folder/said")
admin=$(sed -n 's/^listening on .*, admin on //p' "$folder/said")

# Shows a request, and its answer without what differs from run to run.
ask() {
  printf '$ curl %s\n' "$*" | sed "s/$listen/localhost:7070/g; s/$admin/localhost:7071/g"
  curl --silent --show-error --globoff "$@" |
    sed -E 's/"log":"[0-9a-f]{32}"/"log":"…"/g; s/20[0-9]{2}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?/DATE/g'
  echo
}
events=$listen/v1/events
boards=$listen/v1/boards

ask "$events" --json '[{"type":"joined","player":"ada","team":"red"},{"type":"joined","player":"bob","team":"red"}]'
ask "$events" --json '[{"type":"find","player":"ada","value":30},{"type":"find","player":"bob","value":20}]'
ask "$events?detail=ranks" --json '{"type":"find","player":"cat","value":30}'
ask "$boards"
ask "$boards/best"
ask "$boards/best?ranking=competition"
ask "$boards/best?ranking=dense"
ask "$boards/best?limit=2"
cursor=$(curl --silent "$boards/best?limit=2" | sed 's/.*"cursor":"\([^"]*\)".*/\1/')
ask "$boards/best?limit=2&cursor=$cursor"
ask "$boards/best?offset=1&limit=1"
ask "$boards/best?min=25&max=40"
ask "$boards/today"
ask "$boards/teams?group=red"
ask "$boards/best/members/bob"
ask "$boards/best/members/bob?around=1"
ask "$boards/best/ranks" --json '{"members":["bob","ada","nobody"]}'
ask "$listen/v1/players/ada"
ask -X POST "$admin/v1/players/ada/adjust" --json '{"id":"case-1","points":-5,"reason":"counted twice"}'
ask -X POST "$admin/v1/players/ada/ban"
ask "$boards/global"
ask "$events" --json '{"type":"find","player":"ada","value":1}'
ask -X POST "$admin/v1/players/ada/unban"
ask "$boards/global"
ask -X DELETE "$admin/v1/players/cat"
ask "$boards/global"
ask "$boards/nobody"
