# ./dev python. Sourced by ./dev.

# A build of its own, as released: an extension built with sanitizers can't be loaded into a Python without them.
run_python() {
  (($# == 0)) || die "python takes no arguments"
  python_environment
  build_release tallyho
  step "tests of the Python module, its documents and the client"
  export TALLYHO=$root/build/release/bin/tallyho PYTHONDONTWRITEBYTECODE=1
  build/venv/bin/python -m pytest -q -p no:cacheprovider python/tests
  build/venv/bin/python -m pytest -q -p no:cacheprovider --doctest-glob='*.md' python/README.md
  step "types, as a host's checker sees them"
  MYPYPATH=python build/venv/bin/python -m mypy --strict --cache-dir=build/mypy \
    python/tallyho python/tests/typed_host.py
  step "tests of the example service"
  (cd examples/python_service && "$root/build/venv/bin/python" -m unittest service_test)
}

# build/venv, with the module of this tree.
python_environment() {
  need build python
  step "installing the Python module into build/venv"
  [[ -x build/venv/bin/python ]] || /usr/bin/python3 -m venv build/venv
  build/venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r python/requirements.txt
  CMAKE_BUILD_PARALLEL_LEVEL=$jobs PATH="$root/build/venv/bin:$PATH" build/venv/bin/python -m pip install -q \
    --disable-pip-version-check --no-build-isolation --no-deps .
}
