# ./dev faults. Sourced by ./dev.

# The long counts of what `./dev test` tries a tenth of: crash images of the log, system calls that fail, kills.
run_faults() {
  (($# == 0)) || die "faults takes no arguments"
  need build
  build_release tallyho log_test engine_test fault_shim
  step "crash images of the log, and every bit of it flipped"
  TALLYHO_FAULTS=1 build/release/bin/log_test --gtest_brief=1
  step "a game on a disk that crashes, 20,000 times"
  TALLYHO_FAULTS=1 build/release/bin/engine_test --gtest_brief=1 --gtest_filter='Simulation.*'
  step "system calls of the log's path, each failed once"
  export TALLYHO=$root/build/release/bin/tallyho PYTHONDONTWRITEBYTECODE=1
  (cd test/server && TALLYHO_FAULT_CASES=0 TALLYHO_FAULT_SHIM="$(find_shim)" /usr/bin/python3 -m unittest test_faults)
  step "200 times kill -9 under load"
  (cd test/server && TALLYHO_KILLS=200 /usr/bin/python3 -m unittest \
    test_durability.KilledServer.test_acked_events_are_scored_exactly_once)
}

find_shim() {
  find "$root/build/release" -name 'libfault_shim.so' | head -n 1
}
