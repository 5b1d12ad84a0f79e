# ./dev faults. Sourced by ./dev.

# What `./dev test` tries a tenth of, in full.
faults_parts=(images bits game calls kills)

faults_help() {
  cat <<'TEXT'
./dev faults [PART...]         all parts, or those that are named, each with the counts of what was tried and found:

  images    a million crash images of the log on a disk in memory, crashes during recovery included
  bits      every bit of a log and of snapshots flipped
  game      the whole engine on that disk, 20,000 times, with crashes, kills, failing calls and a full disk
  calls     every system call on the path of the log, of a snapshot, of the outbox and of erasing failed once in every
            way it can
  kills     200 times kill -9 of a server under load

What is asked of each is in docs/reliability.md. A seed of the game is run again by TALLYHO_SIMULATION_SEED=N.
TEXT
}

run_faults() {
  local part parts=("$@") began
  for part in "${parts[@]}"; do
    case $part in
      --help | -h) faults_help && return ;;
    esac
    [[ " ${faults_parts[*]} " == *" $part "* ]] || die "faults has no part '$part' (there are: ${faults_parts[*]})"
  done
  ((${#parts[@]} > 0)) || parts=("${faults_parts[@]}")
  need build
  build_release tallyho log_test engine_test fault_shim
  export TALLYHO=$root/build/release/bin/tallyho PYTHONDONTWRITEBYTECODE=1 TALLYHO_HAS_TIME=1
  for part in "${parts[@]}"; do
    began=$SECONDS
    "faults_$part"
    printf 'faults: %s: passed, in %d s\n' "$part" $((SECONDS - began))
  done
}

faults_images() {
  step "crash images of the log"
  TALLYHO_FAULTS=1 build/release/bin/log_test --gtest_brief=1 --gtest_filter='-*FlippedBit*'
}

faults_bits() {
  step "every bit of a log, and of snapshots, flipped"
  TALLYHO_FAULTS=1 build/release/bin/log_test --gtest_brief=1 --gtest_filter='*FlippedBit*'
  TALLYHO_FAULTS=1 build/release/bin/engine_test --gtest_brief=1 --gtest_filter='KeptGame*:Snapshot.*Flipped*'
}

faults_game() {
  step "a game on a disk that crashes, 20,000 times"
  TALLYHO_FAULTS=1 build/release/bin/engine_test --gtest_brief=1 --gtest_filter='Simulation.*'
}

faults_calls() {
  step "system calls of the log's path, each failed once"
  (cd test/server && TALLYHO_FAULT_CASES=${TALLYHO_FAULT_CASES:-0} TALLYHO_FAULT_SHIM="$(find_shim)" \
    /usr/bin/python3 -m unittest test_faults test_faults_beside)
}

faults_kills() {
  step "kill -9 under load"
  (cd test/server && TALLYHO_KILLS=${TALLYHO_KILLS:-200} /usr/bin/python3 -m unittest \
    test_durability.KilledServer.test_acked_events_are_scored_exactly_once)
}

find_shim() {
  find "$root/build/release" -name 'libfault_shim.so' | head -n 1
}
