# ./dev fuzz. Sourced by ./dev.

run_fuzz() {
  local wanted='' seconds=60 target found
  while (($# > 0)); do
    case $1 in
      --seconds) seconds=${2:?--seconds takes a number} && shift ;;
      -*) die "fuzz takes a target and --seconds N, not $1" ;;
      *) wanted=$1 ;;
    esac
    shift
  done
  mapfile -t found < <(fuzz_targets "$wanted")
  ((${#found[@]} > 0)) || die "no such fuzz target: $wanted (there are: $(fuzz_targets '' | tr '\n' ' '))"
  need build fuzz
  configure fuzz
  build fuzz "${found[@]}"
  for target in "${found[@]}"; do
    step "fuzzing $target for $seconds s"
    fuzz_one "$target" "$seconds"
  done
}

# All targets; or those of a folder of src/, or one, with or without its `_fuzz`.
fuzz_targets() {
  local wanted=$1 source folder target
  while read -r source; do
    folder=$(basename "$(dirname "$source")") target=$(basename "$source" .cc)
    if [[ -z $wanted || $wanted == "$folder" || $wanted == "$target" || $wanted == "${target%_fuzz}" ]]; then
      printf '%s\n' "$target"
    fi
  done < <(find src -name '*_fuzz.cc' | sort)
}

# New inputs go to build/fuzz/corpus; test/corpus/TARGET holds those that are worth keeping, and every test run replays
# them. So a finding is fixed by moving it there, seeing the test fail, and mending the code.
fuzz_one() {
  local target=$1 seconds=$2 grown="build/fuzz/corpus/$1" findings="build/fuzz/findings/$1"
  mkdir -p "$grown" "$findings"
  if ! "build/fuzz/bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$findings/" "$grown" "test/corpus/$target" >"$findings/log" 2>&1; then
    tail -n 60 "$findings/log"
    die "$target found something: see $findings; once understood, move the input to test/corpus/$target"
  fi
  grep -E 'number_of_executed_units|new_units_added' "$findings/log" || true
}
