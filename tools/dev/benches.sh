# ./dev bench. Sourced by ./dev.

# Those that take long, or break something down: only by their names.
benches_by_name=(k6 recovery snapshots)

run_bench() {
  local wanted=${1:-} name
  (($# <= 1)) || [[ $wanted =~ ^(article|k6|server)$ ]] || die "bench takes one name"
  build_release programs benches
  if [[ $wanted =~ ^(|article|boards|cel|log|server)$ ]]; then need peers; fi
  if [[ $wanted =~ ^(|article|capi)$ ]]; then python_environment; fi
  if [[ -n $wanted ]] && ! bench_names | grep --quiet --line-regexp --fixed-strings "$wanted"; then
    die "no such benchmark: $wanted (there are: $(bench_names | tr '\n' ' '))"
  fi
  describe_machine
  for name in $(bench_names); do
    if [[ -z $wanted && " ${benches_by_name[*]} " == *" $name "* ]]; then
      printf '== benchmark: %s: by `./dev bench %s` only\n' "$name" "$name"
    elif [[ -z $wanted || $wanted == "$name" ]]; then
      step "benchmark: $name"
      bench_one "$name" "${@:2}"
    fi
  done
}

# Of the folders and of the whole: bench/NAME.py.
bench_names() {
  {
    find build/release/bin -name '*_bench' -printf '%f\n' | sed 's/_bench$//'
    find bench -maxdepth 1 -name '*.py' -printf '%f\n' | sed 's/\.py$//'
  } | sort -u
}

bench_one() {  # bench_one NAME [ARGUMENT...]
  local name=$1
  shift
  export TALLYHO=$root/build/release/bin/tallyho
  if [[ -x build/release/bin/${name}_bench ]]; then
    "build/release/bin/${name}_bench" --benchmark_counters_tabular=true
  fi
  if [[ -f bench/$name.py ]]; then /usr/bin/python3 "bench/$name.py" "$@"; fi
}

# Numbers come with the machine and the commit they are of.
describe_machine() {
  local model
  model=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)
  printf 'machine: %s, %s cores, %s\n' "$model" "$jobs" "$(uname -r)"
  printf 'commit:  %s\n' "$(git describe --always --dirty 2>/dev/null || printf 'none')"
}
