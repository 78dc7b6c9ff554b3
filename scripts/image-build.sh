#!/bin/sh
# Build the container image with what is there, the same bytes from the same commit.
#
# usage: [ENGINE=docker|podman|buildah] scripts/image-build.sh TAG [OPTION OF THE ENGINE...]
set -eu

tag=$1
shift
cd "$(dirname "$0")/.."

find_engine() {
    for engine in docker podman buildah; do
        if command -v "$engine"; then
            return
        fi
    done
    echo "Building the image takes docker, podman or buildah: install one of them." >&2
    return 1
}

# A checkout says what it is and when that was; a copy of its files cannot.
git_says() {
    git -c safe.directory="$PWD" "$@" 2>/dev/null
}

engine=${ENGINE:-$(find_engine)}
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' tm_exporter/__init__.py)
revision=$(git_says rev-parse HEAD || echo unknown)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git_says log -1 --format=%ct || echo 1767225600)}
export SOURCE_DATE_EPOCH

set -- --build-arg VERSION="$version" --build-arg REVISION="$revision" \
    --build-arg SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" --tag "$tag" "$@" .
case ${engine##*/} in
    # Their own format knows no health check.
    podman) exec "$engine" build --format docker --timestamp "$SOURCE_DATE_EPOCH" "$@" ;;
    buildah) exec "$engine" bud --format docker --timestamp "$SOURCE_DATE_EPOCH" "$@" ;;
    *) exec "$engine" build "$@" ;;
esac
