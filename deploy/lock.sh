#!/usr/bin/env bash
# Writes the four deploy/requirements*.lock anew from pyproject.toml, every package with its hashes: what runs, with
# PostgreSQL's driver (the image), with what `hub compile` needs, and with what tests need.
#
#   deploy/lock.sh              keeps the versions that are locked and still allowed
#   deploy/lock.sh --upgrade    takes the newest that pyproject.toml allows
#
# Needs uv (on PATH, or named by UV). The build backend is locked too: the project is installed with --no-build-isolation.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
build=$(mktemp)
trap 'rm -f "$build"' EXIT
sed -n 's/^requires = \[\(.*\)\]$/\1/p' pyproject.toml | tr -d '" ' | tr ',' '\n' > "$build"
[ -s "$build" ] || { echo "pyproject.toml: the build system's requirements were not found" >&2; exit 1; }

lock() {
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links pyproject.toml "$build" "$@"
}
lock -o deploy/requirements.lock "$@"
lock --extra postgres -c deploy/requirements.lock -o deploy/requirements-postgres.lock "$@"
lock --extra postgres --extra fast -c deploy/requirements.lock -o deploy/requirements-fast.lock "$@"
lock --extra test -c deploy/requirements.lock -o deploy/requirements-test.lock "$@"

if grep -nE 'https?://' deploy/requirements*.lock; then
  echo "a lock names a host: packages must come from whatever index the machine has" >&2
  exit 1
fi
wc -l deploy/requirements*.lock
