#!/usr/bin/env bash
# Tries the package in a Debian of its own: installs it, plays through it, removes it, purges it. Needs root,
# debootstrap and a mirror; a few minutes.
#
#     packaging/try.sh build/release/tallyho_*.deb [FOLDER]
#
# With FOLDER, a Debian that is there already is used, and left there.
set -euo pipefail

package=$(realpath "$1")
root=${2:-}
if [[ -z $root ]]; then
  root=$(mktemp -d)
  chmod 755 "$root"  # It is the root of a system with users.
  trap 'rm -rf "$root"' EXIT
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root"
fi

inside() { chroot "$root" /usr/bin/env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin "$@"; }
as_tallyho() { chroot --userspec=tallyho:tallyho "$root" /usr/bin/env PATH=/usr/bin HOME=/ "$@"; }
step() { printf '== %s\n' "$*"; }
die() {
  printf 'packaging/try.sh: %s\n' "$*" >&2
  exit 1
}

step "installing"
install -D "$package" "$root/srv/tallyho.deb"
inside apt-get install --yes --no-install-recommends /srv/tallyho.deb >"$root/srv/install.log" 2>&1 ||
  { cat "$root/srv/install.log"; die "it does not install"; }
[[ $(stat -c '%U %a' "$root/etc/tallyho/token.secret") == "root 640" ]] || die "the secret is for others to read"
as_tallyho tallyho serve --config /etc/tallyho/tallyho.yaml --check

step "starting"
(
  exec chroot --userspec=tallyho:tallyho "$root" /usr/bin/tallyho serve --config /etc/tallyho/tallyho.yaml \
    --listen 127.0.0.1:0 --admin 127.0.0.1:0
) 2>"$root/srv/said" &
server=$!
for ((i = 0; i < 600; ++i)); do
  grep -q '^listening on' "$root/srv/said" && break
  kill -0 "$server" 2>/dev/null || { cat "$root/srv/said"; die "it does not start"; }
  sleep 0.1
done
url=http://$(sed -n 's/^listening on \(.*\), admin on .*/\1/p' "$root/srv/said")
token=$(as_tallyho tallyho token --key /etc/tallyho/token.secret --role read)
trap 'kill "$server" 2>/dev/null || true' ERR
as_tallyho env TALLYHO_TOKEN="$token" tallyho board --url "$url" || die "it does not answer"
as_tallyho tallyho player ada --url "$url" 2>/dev/null && die "it answers those who show no token"
kill -TERM "$server"
wait "$server" || die "it does not end with 0"

step "removing"
inside apt-get remove --yes tallyho >/dev/null 2>&1 || die "it does not remove"
[[ ! -e $root/usr/bin/tallyho && -d $root/var/lib/tallyho && -e $root/etc/tallyho/tallyho.yaml ]] ||
  die "removing takes the program, and leaves the game and what was configured"

step "purging"
inside apt-get purge --yes tallyho >/dev/null 2>&1 || die "it does not purge"
for path in /var/lib/tallyho /etc/tallyho /usr/share/tallyho /usr/share/doc/tallyho \
  /usr/lib/systemd/system/tallyho.service; do
  [[ ! -e $root$path ]] || die "purging leaves $path"
done
inside getent passwd tallyho >/dev/null && die "purging leaves the user"
printf 'the package installs, starts, ends, removes and purges cleanly\n'
