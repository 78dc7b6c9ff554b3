#!/bin/sh
# Write what the exporter is made of, as CycloneDX JSON: the run-time dependencies
# that requirements.txt pins, with licences and with what needs what. The same pins
# give the same bytes: neither times nor random numbers are in it.
#
# usage: scripts/sbom.sh BIN OUTPUT     (BIN has python and uv; .tools/sbom the tool)
set -eu

bin=$1
output=$2
tools=.tools/sbom
runtime=$tools/run-time

version=$("$bin/python" -c 'import tm_exporter; print(tm_exporter.__version__)')
"$bin/python" -m venv --without-pip --clear "$runtime"
# uv takes 1 s where pip takes 10, but knows no mirrors of pip's.
UV_SYSTEM_CERTS=1 "$bin/uv" pip install --quiet --require-hashes --python "$runtime/bin/python" --requirement requirements.txt 2>/dev/null ||
    "$bin/python" -m pip --python "$runtime/bin/python" install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
# The tool wants to read the version, which the project file leaves to the package.
sed "s/^dynamic = \[\"version\"\]/version = \"$version\"/" pyproject.toml >"$tools/pyproject.toml"
mkdir -p "$(dirname "$output")"
"$tools/bin/cyclonedx-py" environment --pyproject "$tools/pyproject.toml" \
    --output-reproducible --output-format JSON --output-file "$output" "$runtime/bin/python"
echo "$output"
