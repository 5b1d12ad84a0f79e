# ./dev soak. Sourced by ./dev.

# Under asan and under tsan, for half of the time each.
run_soak() {
  local minutes=1 preset seed=()
  while (($# > 0)); do
    case $1 in
      --minutes) minutes=${2:?--minutes takes a number} && shift ;;
      --seed) seed=(--seed "${2:?--seed takes a number}") && shift ;;
      *) die "soak takes --minutes N and --seed N, not $1" ;;
    esac
    shift
  done
  need build
  for preset in asan tsan; do
    configure "$preset"
    build "$preset" tallyho
    step "everything at once, under $preset"
    TALLYHO=$root/build/$preset/bin/tallyho TALLYHO_HAS_TIME=1 PYTHONDONTWRITEBYTECODE=1 \
      /usr/bin/python3 test/soak/soak.py \
      --minutes "$(awk "BEGIN { print $minutes / 2 }")" "${seed[@]}"
  done
}
