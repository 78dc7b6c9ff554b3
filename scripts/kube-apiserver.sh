#!/bin/sh
# Run a command beside a real Kubernetes API server and its etcd, on loopback.
#
# Nobody packages the server, so it is built from Debian's sources at the first time:
# some ten minutes and 2 GB below .tools/kubernetes, as root, on Debian 12. The command
# finds in its environment:
#
#   KUBE_URL      address of the server
#   KUBE_CA       file of its authority
#   KUBE_TOKENS   directory with the files `admin`, who may do everything, and
#                 `exporter`, who may do nothing yet
#
# usage: scripts/kube-apiserver.sh COMMAND...
set -eu

root=$PWD/.tools/kubernetes
mkdir -p "$root"

build() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "The API server is built from Debian's sources: run this as root on Debian 12." >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o Acquire::Retries=3 update
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends \
        golang-1.19-go dpkg-dev openssl rsync >/dev/null
    # The packages' own service of etcd is not wanted: only the program is taken out.
    mkdir -p "$root/lists/partial" "$root/cache/archives/partial" "$root/etc" "$root/etcd" "$root/source"
    sed -E 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$root/etc/sources.sources"
    options="-qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$root/etc -o Dir::State::lists=$root/lists -o Dir::Cache=$root/cache"
    (
        cd "$root/source"
        # shellcheck disable=SC2086 # they are several words
        apt-get $options update
        # shellcheck disable=SC2086
        apt-get $options source --download-only kubernetes
        # Its go.mod is for a Go of then: it is built as before there were modules.
        tree=gopath/src/k8s.io/kubernetes
        rm -rf gopath
        mkdir -p gopath/src/k8s.io
        dpkg-source --no-check --extract kubernetes_*.dsc "$tree" >/dev/null
        apt-get -qq download etcd-server
        dpkg -x etcd-server_*.deb "$root/etcd"
        cd "$tree"
        export PATH="/usr/lib/go-1.19/bin:$PATH" GO111MODULE=off CGO_ENABLED=0
        export GOCACHE="$root/gocache" GOPATH="$root/source/gopath"
        # Its own build writes sources first that no archive has.
        printf 'KUBE_GIT_COMMIT=none\nKUBE_GIT_TREE_STATE=clean\nKUBE_GIT_VERSION=v1.20.2\nKUBE_GIT_MAJOR=1\nKUBE_GIT_MINOR=20\n' >version
        make all WHAT=cmd/kube-apiserver KUBE_GIT_VERSION_FILE="$PWD/version" KUBE_BUILD_PLATFORMS= >/dev/null
        cp _output/local/bin/linux/*/kube-apiserver "$root/"
    )
    rm -rf "$root/source" "$root/gocache"
}

[ -x "$root/kube-apiserver" ] || build

place=$(mktemp -d)
etcd_pid=
server_pid=
cleanup() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    [ -z "$etcd_pid" ] || kill "$etcd_pid" 2>/dev/null || true
    rm -rf "$place"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
etcd_port=$(port)
peer_port=$(port)
secure_port=$(port)

"$root/etcd/usr/bin/etcd" --data-dir "$place/etcd" \
    --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
    --initial-cluster "default=http://127.0.0.1:$peer_port" >"$place/etcd.log" 2>&1 &
etcd_pid=$!

mkdir -p "$place/tokens" "$place/certificates"
openssl genrsa -out "$place/service-accounts.key" 2048 2>/dev/null
for who in admin exporter; do
    openssl rand -hex 16 >"$place/tokens/$who"
done
{
    echo "$(cat "$place/tokens/admin"),admin,1,\"system:masters\""
    echo "$(cat "$place/tokens/exporter"),exporter,2"
} >"$place/tokens.csv"

"$root/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" \
    --bind-address 127.0.0.1 --secure-port "$secure_port" --cert-dir "$place/certificates" \
    --service-cluster-ip-range 10.0.0.0/24 --authorization-mode RBAC --token-auth-file "$place/tokens.csv" \
    --service-account-issuer https://kubernetes.default --service-account-key-file "$place/service-accounts.key" \
    --service-account-signing-key-file "$place/service-accounts.key" \
    --disable-admission-plugins ServiceAccount >"$place/server.log" 2>&1 &
server_pid=$!

tries=0
until python3 - "https://127.0.0.1:$secure_port/readyz" "$place/tokens/admin" 2>/dev/null <<'PYTHON'; do
import ssl, sys, urllib.request

context = ssl._create_unverified_context()  # it makes its certificate itself
with open(sys.argv[2]) as file:
    bearer = {"authorization": f"Bearer {file.read().strip()}"}
urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=bearer), timeout=2, context=context)
PYTHON
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ] || ! kill -0 "$server_pid" 2>/dev/null; then
        tail -n 20 "$place/server.log" >&2
        exit 1
    fi
    sleep 1
done

KUBE_URL="https://127.0.0.1:$secure_port" KUBE_CA="$place/certificates/apiserver.crt" KUBE_TOKENS="$place/tokens" "$@"
