#!/usr/bin/env bash
# Installs the Debian packages that are missing: install_deps.sh build|test|full
#
#   build   what ./run needs: compiler, CMake, libraries
#   test    and what ./test needs
#   full    and what ./test --full needs: clang 19 with sanitizers, clang-tidy, clang-format
#
# Silent when nothing is missing. Says what it installs, uses sudo when it is not root.
set -euo pipefail

tier=${1:-build}
packages=(
  build-essential cmake ninja-build ccache mold
  libyaml-cpp-dev libfmt-dev libcli11-dev libexpected-dev librandom123-dev libtbb-dev
  libsimdjson-dev libzstd-dev zlib1g-dev libsqlite3-dev
)
case $tier in
  build) ;;
  test | full)
    packages+=(
      libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
      python3 python3-jsonschema python3-yaml
      libopenmpi-dev openmpi-bin libpqxx-dev pybind11-dev python3-dev python3-numpy
    )
    ;;
  *)
    echo "usage: install_deps.sh build|test|full" >&2
    exit 2
    ;;
esac
if [[ $tier == full ]]; then
  packages+=(
    clang-19 libclang-rt-19-dev clang-tidy-19 clang-format-19
    munge slurmctld slurmd slurm-client postgresql mmdebstrap mkdocs python3-pip
  )
fi

if ! command -v dpkg-query >/dev/null; then
  echo "supernode: not a Debian system; these Debian 12 packages are needed: ${packages[*]}" >&2
  exit 0
fi

# One query for all; it fails when a package is unknown, which is no error here.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  [[ $'\n'"$installed"$'\n' == *$'\n'"installed $package"$'\n'* ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

echo "supernode: installing with apt: ${missing[*]}" >&2
as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "supernode: neither root nor sudo; as root run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# What apt says as it says it: on one line of a terminal; elsewhere what it downloads and sets up.
say() {
  local line
  while IFS= read -r line; do
    if [[ -t 2 ]]; then
      printf '\r\033[K  apt: %.90s' "$line" >&2
    elif [[ $line == "Need to get"* || $line == "Setting up"* || $line == *"upgraded,"* ]]; then
      printf '  apt: %.90s\n' "$line" >&2
    fi
  done
  if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
}
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" \
    2>&1 </dev/null | tee "$log" | say
}
# A stale list of one repository need not matter; the installation itself must succeed.
echo "supernode: apt-get update" >&2
apt update || echo "supernode: apt-get update failed; trying with the lists that are there" >&2
echo "supernode: apt-get install of ${#missing[@]} packages and what they need" >&2
if ! apt install -y --no-install-recommends "${missing[@]}"; then
  cat "$log" >&2
  echo "supernode: the installation failed" >&2
  exit 1
fi
