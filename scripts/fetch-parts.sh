#!/bin/sh
# Fetch the programs of other projects that the tests run, out of Debian packages.
# Nothing is installed or started: the packages are unpacked into .tools/LANE.
#
# usage: scripts/fetch-parts.sh oldest|newest|terminal|bench
set -eu

lane=$1
case $lane in
    oldest) suite=bookworm packages="prometheus prometheus-alertmanager" ;;
    newest) suite=testing packages="prometheus promtool prometheus-alertmanager" ;;
    terminal) suite=bookworm packages="zsh zsh-common fish fish-common libpcre2-32-0 mandoc" ;;
    bench) suite=bookworm packages="prometheus-blackbox-exporter libssl-dev valgrind" ;;
    *)
        echo "usage: $0 oldest|newest|terminal|bench" >&2
        exit 2
        ;;
esac

# Which archive this machine uses is its own affair, so it is asked, not written here.
archive() {
    # shellcheck disable=SC2016  # the fields are apt's, not the shell's
    apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "main" && $3 == "Debian" && !/security/ { print $1; exit }'
}

uri=$(archive)
if [ -z "$uri" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    uri=$(archive)
fi
if [ -z "$uri" ]; then
    echo "The test parts come from Debian's archive, which apt does not know here: run the tests on Debian 12, or only make unit." >&2
    exit 1
fi

# What the benchmarks compile is a program in C.
if [ "$lane" = bench ] && ! command -v cc >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends gcc libc6-dev >/dev/null
fi

root=$PWD/.tools/$lane
work=$root.partial
rm -rf "$root" "$work"
mkdir -p "$work/etc" "$work/lists/partial" "$work/cache/archives/partial" "$work/deb" "$work/root"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >"$work/etc/parts.list"

# A package root of its own: the machine's suites and packages stay as they are.
# A mirror may lag behind the archive's own date; what it serves is signed all the same.
private_apt() {
    apt-get -qq -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" \
        -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/etc" \
        -o Dir::State::status=/dev/null -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" "$@"
}

private_apt update
# shellcheck disable=SC2086  # one word for each package
(cd "$work/deb" && private_apt download $packages)
for package in "$work"/deb/*.deb; do
    dpkg -x "$package" "$work/root"
done
# Debian's Alertmanager insists on templates below /usr/share. Ours reads `templates` in
# the directory that it is started in; the two texts are of the same length.
if [ -f "$work/root/usr/bin/prometheus-alertmanager" ]; then
    sed -i 's#/usr/share/prometheus/alertmanager#.//./././././././././././templates#g' "$work/root/usr/bin/prometheus-alertmanager"
fi
mv "$work/root" "$root"
rm -rf "$work"
touch "$root/.complete"
