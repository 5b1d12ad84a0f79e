# ./dev test and ./dev check. Sourced by ./dev.

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1}

run_test() {
  local all=false pattern=.
  while (($# > 0)); do
    case $1 in
      --all) all=true ;;
      -*) die "test takes --all and a pattern, not $1" ;;
      *) pattern=$1 ;;
    esac
    shift
  done
  need build check conformance
  configure asan
  build asan all
  if $all; then run_long_tests; fi
  step "running the tests"
  # Names take minutes: `./dev check` has them, and --all has them with all that clang-tidy knows.
  run_ctest asan --tests-regex "$pattern" --exclude-regex '^check\.names\.'
}

# ctest's closing lines come last: how many tests there were and how many failed; and then what those said.
run_ctest() {  # run_ctest PRESET [ARGUMENT...]
  local preset=$1 quiet= report status=0
  shift
  [[ -t 1 ]] && quiet=--progress
  report=$root/build/$preset/tests.xml
  rm -f "$report"
  ctest --test-dir "build/$preset" --parallel "$jobs" --output-on-failure --no-tests=error --output-junit "$report" \
    --test-output-size-failed 100000 $quiet "$@" || status=$?
  if ((status != 0)) && [[ -f $report ]]; then /usr/bin/python3 tools/failed_tests.py "$report"; fi
  return $status
}

# The long tier. Each part ends the run if it fails.
run_long_tests() {
  need observed
  build_collector
  step "clang-tidy over everything"
  run_clang_tidy
  step "the tests as released"
  configure release
  build release all
  TALLYHO_RANDOM_PROGRAMS=1000000 TALLYHO_FAULTS=1 TALLYHO_KILLS=200 run_ctest release --exclude-regex '^check\.'
  run_python
  run_contract
  step "everything under tsan"
  configure tsan
  build tsan all
  run_ctest tsan --exclude-regex '^check\.'
  run_fuzz --seconds 60
}

# An OpenTelemetry Collector for test_telemetry.py; without it that says what it leaves out.
build_collector() {
  if ! command -v go >/dev/null; then
    printf 'no OpenTelemetry Collector: there is no go\n'
  elif (cd test/collector && go build -mod=readonly -o "$root/build/collector" .) >build/collector.log 2>&1; then
    export TALLYHO_COLLECTOR=$root/build/collector
  else
    printf 'no OpenTelemetry Collector: %s\n' "$(tail -n 1 build/collector.log)"
  fi
}

run_check() {
  local all=false
  [[ ${1:-} == --all ]] && all=true && shift
  (($# == 0)) || die "check takes only --all"
  need build check
  configure release
  step "running the checks"
  run_ctest release --tests-regex '^check\.'
  if $all; then
    step "clang-tidy over everything"
    run_clang_tidy
  fi
}

# Every check of .clang-tidy on every source file.
run_clang_tidy() {
  configure release
  /usr/bin/python3 tools/clang_tidy.py --build build/release
}
