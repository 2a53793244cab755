# Sourced by the other scripts: goes to the checkout's root, finds the tools that scripts/setup installed,
# and defines how progress is reported.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
PATH="$PWD/.venv/bin:$PWD/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
export PATH PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

export wasi_target=wasm32-wasip1

# step WHAT: one line about something that is being done.
step() { echo "${0##*/}: $*"; }

# fail WHAT: one line about what is wrong, and the end of the script.
fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# quietly COMMAND...: runs it and shows the end of its output only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status)); then tail -n 200 "$log" >&2; fi
  rm -f "$log"
  return "$status"
}

# limited SECONDS COMMAND...: runs it, ending it after that time where the machine has `timeout`.
limited() {
  if command -v timeout >/dev/null; then
    timeout --kill-after=10 "$@"
  else
    shift
    "$@"
  fi
}

# fingerprint PATH...: one hash over the names and contents of these files and folders, build output left out.
fingerprint() {
  find "$@" \( -name target -o -name __pycache__ -o -name node_modules \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 cksum | git hash-object --stdin
}
