#!/bin/sh
# Have what builds and runs the container image in tests: podman and buildah out of
# Debian's archive (and what judges the systemd unit), and a stand-in for the official Python image, since no registry may
# be in reach: Debian 12 with its own Python, as .tools/image/base.tar.
#
# usage: scripts/image-parts.sh
set -eu

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The image is tested as root on Debian 12: do so, or run only make unit." >&2
    exit 1
fi
set -- podman buildah runc netavark aardvark-dns iptables uidmap mmdebstrap systemd
if ! dpkg --status "$@" >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o Acquire::Retries=3 update
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "$@" >/dev/null
fi

# Which archive this machine uses is its own affair, so it is asked, not written here.
# shellcheck disable=SC2016  # the fields are apt's, not the shell's
uri=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk '$2 == "main" && $3 == "Debian" && !/security/ { print $1; exit }')

folder=$PWD/.tools/image
rm -rf "$folder"
mkdir -p "$folder"
mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --include=python3,python3-venv,ca-certificates \
    bookworm "$folder/base.tar" "deb $uri bookworm main"
touch "$folder/.complete"
