# Installs what tools/packages.txt lists. Sourced by ./dev.

# The packages of one section.
packages_of() {
  awk -v section="[$1]" '
    { sub(/#.*/, "") }
    $1 ~ /^\[/ { on = $1 == section; next }
    on && NF { print $1 }' tools/packages.txt
}

# Those of the given packages that aren't installed. About 20 ms.
missing_of() {
  local installed
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    awk '$1 == "installed" { print $2 }' || true)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed" | sort -u)
}

# need SECTION...: installs what is missing of these sections.
need() {
  local section names=() missing
  for section in "$@"; do
    mapfile -t -O "${#names[@]}" names < <(packages_of "$section")
  done
  if ! is_debian_12; then
    [[ -n ${TALLYHO_ANY_SYSTEM:-} ]] && return
    die "this builds on Debian 12 (bookworm), and $(system_name) is another system.
Use a container or a chroot of it; or install what tools/packages.txt lists yourself and set TALLYHO_ANY_SYSTEM=1."
  fi
  mapfile -t missing < <(missing_of "${names[@]}")
  ((${#missing[@]} == 0)) && return
  step "installing ${#missing[@]} Debian packages: ${missing[*]}"
  install_packages "${missing[@]}"
}

is_debian_12() {
  [[ -r /etc/os-release ]] && (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}

system_name() {
  (. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-}") || uname -s
}

# Updates the package lists only if they are absent or too old to install from.
install_packages() {
  local log
  log=$(mktemp)
  if ! apt_install "$@" >"$log" 2>&1; then
    if ! { as_root apt-get update && apt_install "$@"; } >"$log" 2>&1; then
      tail -n 30 "$log" >&2
      rm -f "$log"
      die "apt-get could not install: $*"
    fi
  fi
  rm -f "$log"
}

apt_install() {
  # A new machine may be installing its own updates: five minutes are left for those.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get --option DPkg::Lock::Timeout=300 install --yes \
    --no-install-recommends "$@"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root, or sudo: run as root once: apt-get install $(packages_of build | tr '\n' ' ')"
  fi
}
