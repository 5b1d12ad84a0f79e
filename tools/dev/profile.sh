# ./dev profile. Sourced by ./dev.

# Plays the treasure hunt with programs that count where they are, in process, through a server whose log is in memory
# and through one whose log is on disk, and keeps the counts for cmake/profile.cmake.
run_profile() {
  (($# == 0)) || die "profile takes no arguments"
  need build profile
  configure profile
  build profile tallyho engine_play
  local programs=$root/build/profile/bin counts=$root/build/profile/counts
  rm -rf "$counts"
  mkdir -p "$counts"
  (
    export LLVM_PROFILE_FILE=$counts/%p.profraw
    step "playing in process"
    "$programs/engine_play" --events 300000 >"$counts/engine.txt"
    "$programs/engine_play" --events 150000 --no-prepare >"$counts/alone.txt"
    "$programs/engine_play" --events 100000 --players 10000 --parts feed >"$counts/feed.txt"
    step "playing through a server, the log in memory"
    play_through_server "$programs/tallyho" "$counts"
    step "playing through a server, the log on disk"
    play_through_server "$programs/tallyho" "$counts" --data "$counts/data"
  )
  # Without what was not played: that is not slow code, but code that nothing is known of.
  llvm-profdata-19 merge --sparse --output=cmake/hunt.profdata "$counts"/*.profraw
  printf 'profile: cmake/hunt.profdata, %s bytes; ./dev build uses it\n' "$(stat --format=%s cmake/hunt.profdata)"
}

# play_through_server TALLYHO FOLDER [OPTION...]: events one to a frame, then 50, with some who watch.
play_through_server() {
  local tallyho=$1 folder=$2 server port
  shift 2
  "$tallyho" serve --ruleset rulesets/treasure-hunt.yaml --dev --listen 127.0.0.1:0 --admin 127.0.0.1:0 "$@" \
    >"$folder/server.txt" 2>&1 &
  server=$!
  port=$(wait_for_port "$folder/server.txt")
  "$tallyho" load --url "ws://127.0.0.1:$port/v1/ws" --players 100000 --connections 100 --watchers 20 \
    --in-flight 64 --events 150000 --json >"$folder/load.txt"
  "$tallyho" load --url "ws://127.0.0.1:$port/v1/ws" --players 100000 --connections 100 --watchers 20 \
    --in-flight 64 --batch 50 --seed 2 --events 200000 --json >>"$folder/load.txt"
  kill "$server"
  wait "$server"
}

# The port that a server says it listens on.
wait_for_port() {
  local said=$1 port i
  for ((i = 0; i < 300; ++i)); do
    port=$(grep --only-matching --perl-regexp 'listening on 127\.0\.0\.1:\K[0-9]+' "$said" | head -n 1 || true)
    [[ -n $port ]] && printf '%s' "$port" && return
    sleep 0.1
  done
  die "the server did not start: $(<"$said")"
}
