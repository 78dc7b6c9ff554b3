#!/bin/sh
# Make a virtual environment, or bring one up to date, from hash-pinned files.
#
# usage: scripts/venv.sh FOLDER PYTHON REQUIREMENTS-FILE...     (PYTHON may be empty)
set -eu

folder=$1
python=$2
shift 2
for file; do
    set -- "$@" --requirement "$file"
    shift
done

if ! "$folder/bin/python" -c 'import pip' 2>/dev/null; then
    found=$("$(dirname "$0")/python.sh" "$python")
    "$found" -m venv "$folder"
fi
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes "$@"
