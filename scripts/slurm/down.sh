#!/usr/bin/env bash
# down.sh FOLDER [--purge]: ends what up.sh FOLDER started, by the numbers of the processes that it wrote down, and removes its network.
# --purge: and FOLDER.
set -uo pipefail
[ $# -ge 1 ] || { echo "usage: down.sh FOLDER [--purge]" >&2; exit 2; }
S=$(cd "$1" 2>/dev/null && pwd -P) || exit 0
ID=$(cat "$S/netid" 2>/dev/null || echo none)
PATH=$PATH:/usr/sbin:/sbin
# A number may have been given to another process since.
ours() { { tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$S" || tr '\0' '\n' <"/proc/$1/environ" | grep -qF -- "$S"; } 2>/dev/null; }
ENDED=
stop() { # pid file, signal
  [ -s "$1" ] || return 0
  local p; p=$(cat "$1")
  if ours "$p"; then kill -"$2" "$p" 2>/dev/null; ENDED="$ENDED $p"; fi
  rm -f "$1"
}
for f in "$S"/pids/node-*.pid; do stop "$f" KILL; done
for d in slurmctld slurmdbd mariadbd munged; do stop "$S/pids/$d.pid" TERM; done
for p in $ENDED; do
  for i in $(seq 100); do
    [ -d "/proc/$p" ] && [ "$(awk '{print $3}' "/proc/$p/stat" 2>/dev/null)" != Z ] || break
    [ "$i" != 60 ] || kill -KILL "$p" 2>/dev/null
    sleep 0.05
  done
done
for n in /run/netns/mc$ID-*; do [ -e "$n" ] && ip netns del "$(basename "$n")"; done
for v in $(ip -o link show 2>/dev/null | grep -oE "mcv$ID-[0-9]+" | sort -u); do ip link del "$v" 2>/dev/null; done
ip link del "mcbr$ID" 2>/dev/null
rm -f "$S/netid"
for c in memory freezer; do
  for _ in 1 2 3 4 5; do
    [ -d "/sys/fs/cgroup/$c/mc$ID" ] || break
    find "/sys/fs/cgroup/$c/mc$ID" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
done
[ "${2:-}" != --purge ] || rm -rf "$S" "/dev/shm/manycore-slurm-$ID"
exit 0
