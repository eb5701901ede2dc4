#!/usr/bin/env bash
# Configures where needed and builds: build.sh PRESET TARGET... [-DNAME=VALUE...]
#
# A definition stays in the build folder once it is set: building with tests first and without them later
# changes nothing, so ./run and ./test share one folder. Everything is said on standard error, and nothing
# at all when there is nothing to do. SN_JOBS is the number of parallel jobs (2).
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
preset=$1
shift
targets=()
defines=()
for argument in "$@"; do
  if [[ $argument == -D* ]]; then defines+=("$argument"); else targets+=("$argument"); fi
done
folder=$root/build/$preset
cache=$folder/CMakeCache.txt
stamp=$folder/.configured

mkdir -p "$folder"
exec 9>"$root/build/.$preset.lock"
flock 9

# A build folder that came along with a moved or copied tree is of no use.
if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
  rm -rf "$folder"
  mkdir -p "$folder"
fi

is_configured() {
  [[ -f $folder/build.ninja && $stamp -nt $root/CMakePresets.json ]] || return 1
  local define
  for define in "${defines[@]}"; do
    define=${define#-D}
    grep -qE "^${define%%=*}:[A-Z]+=${define#*=}\$" "$cache" || return 1
  done
}

# Ninja's counter on one line of a terminal, every twentieth step elsewhere; all else as it is.
show_progress() {
  local line step=0
  while IFS= read -r line; do
    case $line in
      *"Re-checking globbed directories"* | *"Re-running CMake"* | "-- "*) ;;
      "ninja: no work to do."* | "ninja: Entering directory"*) ;;
      "["[0-9]*/[0-9]*"] "*)
        step=$((step + 1))
        if [[ -t 2 ]]; then
          printf '\r\033[K%.100s' "$line" >&2
        elif ((step % 20 == 0)); then
          printf '%s\n' "$line" >&2
        fi
        ;;
      *) printf '%s\n' "$line" >&2 ;;
    esac
  done
  if [[ -t 2 ]] && ((step)); then printf '\r\033[K' >&2; fi
}

# What CMake looks for and finds: on one line of a terminal; elsewhere its results.
show_configuring() {
  local line
  while IFS= read -r line; do
    [[ $line == "-- "* ]] || continue
    if [[ -t 2 ]]; then
      printf '\r\033[K  %.100s' "${line#-- }" >&2
    elif [[ $line == *"compiler identification"* || $line == "-- Found "* ||
      $line == "-- Configuring done"* || $line == "-- Generating done"* ]]; then
      printf '  %.100s\n' "${line#-- }" >&2
    fi
  done
  if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
}

cd -- "$root"
if ! is_configured; then
  rm -f "$stamp"
  echo "supernode: configuring build/$preset" >&2
  if ! cmake --preset "$preset" "${defines[@]}" </dev/null 2>&1 9>&- |
    tee "$folder/configure.log" | show_configuring; then
    cat "$folder/configure.log" >&2
    exit 1
  fi
  touch "$stamp"
fi
cmake --build "$folder" --parallel "${SN_JOBS:-2}" --target "${targets[@]}" </dev/null 2>&1 9>&- |
  show_progress
