#!/bin/sh
# Print the Python to make an environment with: 3.11 or newer, able to do so.
# On Debian as root, install what is missing; elsewhere, say what to install.
#
# usage: scripts/python.sh [PYTHON]
set -eu

wanted=${1:-python3.11 python3 python3.12 python3.13 python3.14}

find_python() {
    for python in $wanted; do
        if "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

if find_python; then
    exit
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
    if find_python; then
        exit
    fi
fi
echo "Python 3.11 or newer with its venv module is needed: on Debian and Ubuntu, install python3 and python3-venv; or name one with make PYTHON=/path/to/python3." >&2
exit 1
