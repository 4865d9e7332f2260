#!/usr/bin/env bash
# keep.sh FOLDER PID [options of up.sh]: a cluster that lives as long as process PID. FOLDER/ready appears when it is up;
# FOLDER/cannot or FOLDER/failed, with the reason in it, when it is not to be. FOLDER goes at the end; an end can be asked for by TERM.
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd -P)
S=$1 OWNER=$2; shift 2
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
SINCE=$(began "$OWNER")
trap 'exit 0' TERM INT HUP
trap '"$HERE/down.sh" "$S" --purge' EXIT
mkdir -p "$S"; echo $$ >"$S/keeper.pid"
REASON=$("$HERE/up.sh" "$S" "$@" 2>&1 >/dev/null); CODE=$?
case $CODE in 0) NAME=ready;; 3) NAME=cannot;; *) NAME=failed;; esac
printf '%s\n' "$REASON" >"$S/$NAME.new" && mv "$S/$NAME.new" "$S/$NAME"
while [ -n "$SINCE" ] && [ "$(began "$OWNER")" = "$SINCE" ]; do sleep 0.2; done
