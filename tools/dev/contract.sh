# ./dev contract. Sourced by ./dev.

# build/contract, with what test/contract/requirements.txt pins.
run_contract() {
  (($# == 0)) || die "contract takes no arguments"
  need build python
  step "installing schemathesis into build/contract"
  [[ -x build/contract/bin/python ]] || /usr/bin/python3 -m venv build/contract
  build/contract/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
    -r test/contract/requirements.txt
  build_release tallyho
  step "requests out of the OpenAPI description"
  TALLYHO=$root/build/release/bin/tallyho PYTHONDONTWRITEBYTECODE=1 \
    /usr/bin/python3 test/contract/contract.py build/contract/bin/schemathesis build/contract/openapi.json
}
