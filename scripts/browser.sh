#!/bin/sh
# Have a browser for the tests of the status page: the machine's own Chromium, else
# Debian's, which takes root and is installed.
#
# usage: scripts/browser.sh
set -eu

if ! command -v chromium >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "The tests of the status page need Chromium: install Debian's package chromium, or run only make unit." >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o Acquire::Retries=3 update
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends \
        chromium fonts-dejavu-core >/dev/null
fi
mkdir -p .tools/browser
ln -sfn "$(command -v chromium)" .tools/browser/chromium
touch .tools/browser/.complete
