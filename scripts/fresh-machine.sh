#!/bin/sh
# Prove on a bare Debian 12 (python3, make and git, nothing else) that the two
# commands of the README do all the set-up. Takes minutes and 1.5 GB in TMPDIR;
# needs root and mmdebstrap. The system is made of packages, in a folder of its
# own, and is removed afterwards.
#
# usage: scripts/fresh-machine.sh [COMMAND]     (default: install, a short demo, the suite)
set -eu

command=${1:-'make install && make demo ARGS="--listen 127.0.0.1:0 --for 20" && make test'}
if [ "$(id -u)" != 0 ] || ! command -v mmdebstrap >/dev/null; then
    echo "Run this as root on Debian, with mmdebstrap installed." >&2
    exit 1
fi

# shellcheck disable=SC2016  # the fields are apt's, not the shell's
uri=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk '$2 == "main" && $3 == "Debian" && !/security/ { print $1; exit }')
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 1' HUP INT TERM

mmdebstrap --quiet --variant=minbase --include=python3,make,git,ca-certificates \
    bookworm "$root" "deb $uri bookworm main"
mkdir "$root/checkout"
git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$root/checkout"
# Tests ask git for what belongs to the project, so it has to be a repository.
git -C "$root/checkout" init --quiet
git -C "$root/checkout" add --all
git -C "$root/checkout" -c user.name=fresh -c user.email=fresh@localhost commit --quiet -m fresh
# How this machine reaches its package mirrors holds for the guest as well.
for file in /etc/resolv.conf /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    if [ -e "$file" ]; then
        cp -L "$file" "$root$file"
    fi
done
apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-Valid-Until)' >"$root/etc/apt/apt.conf.d/99host" || true

# The mounts live in a namespace of their own and go with it, as do all processes.
# shellcheck disable=SC2016  # expanded by the inner shell
unshare --mount --pid --fork --kill-child sh -euc '
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount --rbind /sys "$1/sys"
    mkdir before
    pivot_root . before  # containers cannot be entered from within a chroot
    exec chroot . env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        sh -euxc "umount -l /before && cd /checkout && $2"
' sh "$root" "$command"
