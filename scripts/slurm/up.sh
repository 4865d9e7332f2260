#!/usr/bin/env bash
# up.sh FOLDER [options]: a real Slurm on this one machine (Debian's packages), whose nodes tcn1, tcn2, ... have network, processes,
# host name, /tmp and /dev/shm of their own. Nothing outside FOLDER is written. Then: . FOLDER/env.sh; sinfo. down.sh FOLDER ends it.
#   --nodes N      how many nodes (3)
#   --cpus C       CPUs that each claims (4)
#   --mem MB       memory that each claims (4000)
#   --db           slurmdbd and MariaDB, so that sacct works
#   --share DIR    a folder under /tmp that the nodes see too; may be repeated
#   --conf K=V     a key of slurm.conf; may be repeated: --conf MaxArraySize=1001 --conf MinJobAge=5
#   --install      packages that are missing are installed by apt-get
# Run again, it restarts what has died and resumes drained nodes. Ends with 3 and a reason if this machine can't have a cluster.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd -P)
cannot() { echo "$*" >&2; exit 3; }
die() { echo "$*" >&2; exit 1; }

[ $# -ge 1 ] || die "usage: up.sh FOLDER [--nodes N] [--cpus C] [--mem MB] [--db] [--share DIR] [--conf K=V] [--install]"
S=$1; shift
NODES=3 CPUS=4 MEM=4000 DB=0 INSTALL=0 SHARE=() CONF=()
while [ $# -gt 0 ]; do case $1 in
  --nodes) NODES=$2; shift 2;; --cpus) CPUS=$2; shift 2;; --mem) MEM=$2; shift 2;; --db) DB=1; shift;;
  --share) SHARE+=("$(cd "$2" && pwd -P)"); shift 2;; --conf) CONF+=("$2"); shift 2;; --install) INSTALL=1; shift;;
  *) die "unknown option $1";; esac; done

# ---- what it needs
[ "$(uname -s)" = Linux ] || cannot "the nodes are made of Linux's namespaces: this is $(uname -s)"
[ "$(id -u)" = 0 ] || cannot "only root may make the nodes' namespaces"
PATH=$PATH:/usr/sbin:/sbin
NEED=()
for pair in slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client munged:munge ip:iproute2; do
  command -v "${pair%%:*}" >/dev/null || NEED+=("${pair#*:}")
done
[ -e /usr/share/modules/init/bash ] || NEED+=(environment-modules)
[ $DB = 0 ] || { command -v slurmdbd >/dev/null && command -v mariadbd >/dev/null; } || NEED+=(slurmdbd slurm-wlm-mysql-plugin mariadb-server)
if [ ${#NEED[@]} -gt 0 ]; then
  [ $INSTALL = 1 ] || cannot "these packages are missing: apt-get install ${NEED[*]}"
  command -v apt-get >/dev/null || cannot "${NEED[*]} are missing, and there is no apt-get to install them with"
  mkdir -p "$S/log"
  (
    flock 9   # two clusters may start at once
    # The packages must not start daemons of their own.
    MADE=; [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; MADE=1; }
    trap '[ -z "$MADE" ] || rm -f /usr/sbin/policy-rc.d' EXIT
    export DEBIAN_FRONTEND=noninteractive
    APT=(apt-get -y -qq -o DPkg::Lock::Timeout=120 -o APT::Install-Recommends=false
      -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--path-exclude=/usr/share/man/\* -o Dpkg::Options::=--path-exclude=/usr/share/doc/\*)
    "${APT[@]}" install "${NEED[@]}" || { apt-get -qq update && "${APT[@]}" install "${NEED[@]}"; }
  ) 9>/tmp/manycore-apt.lock >"$S/log/apt.log" 2>&1 || cannot "apt-get install ${NEED[*]} failed: $(tail -n 3 "$S/log/apt.log")"
fi
unshare --mount --uts --ipc --pid --net --fork true 2>/dev/null || cannot "namespaces may not be made here (unshare is refused)"

mkdir -p "$S"; S=$(cd "$S" && pwd -P)
mkdir -p "$S"/{etc,log,pids,state,nodes,run,shared,modules/nodejs,modules/python}; chmod 755 "$S"; chmod 1777 "$S/shared"
alive() { local p; [ -s "$1" ] && p=$(cat "$1") && [ -r "/proc/$p/stat" ] && [ "$(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null | cut -c1)" != Z ]; }

# ---- a subnet that nobody has: who makes the bridge has its number
# (No `grep -q` behind a pipe: it ends early, and what it reads from fails then.)
if [ ! -s "$S/netid" ]; then
  TAKEN=$(ip -o addr; ip route)
  for try in $(seq 0 199); do
    ID=$(( ($(printf '%s' "$S" | cksum | cut -d' ' -f1) + try) % 200 + 20 ))
    ! grep -qE "[ ]10\.$ID\." <<<"$TAKEN" && ip link add "mcbr$ID" type bridge 2>/dev/null && { echo "$ID" >"$S/netid"; break; }
  done
  [ -s "$S/netid" ] || cannot "a bridge between the nodes can't be made: $(ip link add mcbr0 type bridge 2>&1 || true)"
fi
ID=$(cat "$S/netid"); BRIDGE=mcbr$ID NET=10.$ID.0
grep -q "$NET.1/" <<<"$(ip addr show "$BRIDGE")" || { ip addr add "$NET.1/24" dev "$BRIDGE"; ip link set "$BRIDGE" up; }
CTLPORT=$((20000 + ID * 40)); DBDPORT=$((CTLPORT + 1)); SQLPORT=$((CTLPORT + 2))
HOST=$(hostname -s)

# ---- configuration
[ -s "$S/etc/munge.key" ] || (umask 077; head -c 128 /dev/urandom >"$S/etc/munge.key")
# Kills for memory are real where cgroup v1 is mounted; elsewhere slurmd looks at the processes now and then.
CGROUP=0; grep -q ' /sys/fs/cgroup/memory cgroup ' /proc/mounts && grep -q ' /sys/fs/cgroup/freezer cgroup ' /proc/mounts && CGROUP=1
{
  sed -e "s|@S@|$S|g; s|@HOST@|$HOST|g; s|@NET@|$NET|g; s|@CTLPORT@|$CTLPORT|g; s|@NODES@|$NODES|g" \
    -e "s|@DEFMEM@|$((MEM / CPUS > 500 ? 500 : MEM / CPUS))|g" "$HERE/slurm.conf"
  if [ $DB = 1 ]; then
    # slurmctld's way to slurmdbd needs munge's socket here; AuthInfo is not asked.
    printf 'AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=%s\nAccountingStoragePort=%s\nAccountingStoragePass=%s\n' \
      "$NET.1" $DBDPORT "$S/run/munge.socket"
  else echo AccountingStorageType=accounting_storage/none; fi
  if [ $CGROUP = 1 ]; then printf 'ProctrackType=proctrack/cgroup\nTaskPlugin=task/cgroup\n'
  else printf 'ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherParams=OverMemoryKill\n'; fi
  for i in $(seq "$NODES"); do echo "NodeName=tcn$i NodeAddr=$NET.$((10 + i)) CPUs=$CPUS RealMemory=$MEM State=UNKNOWN"; done
} >"$S/etc/slurm.conf.new"
for kv in "${CONF[@]:+${CONF[@]}}"; do sed -i "/^${kv%%=*}=/d" "$S/etc/slurm.conf.new"; echo "$kv" >>"$S/etc/slurm.conf.new"; done
mv "$S/etc/slurm.conf.new" "$S/etc/slurm.conf"
printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\nCgroupAutomount=no\nConstrainRAMSpace=%s\nConstrainSwapSpace=no\nConstrainCores=no\nConstrainDevices=no\n' \
  "$([ $CGROUP = 1 ] && echo yes || echo no)" >"$S/etc/cgroup.conf"
for m in nodejs/20 python/3.5.2-intel-u2; do printf '#%%Module\nsetenv LOADED_%s %s\n' "${m%%/*}" "$m" >"$S/modules/$m"; done
printf 'export SLURM_CONF=%s/etc/slurm.conf MODULEPATH=%s/modules PATH=$PATH:/usr/sbin:/sbin\n' "$S" "$S" >"$S/env.sh"
. "$S/env.sh"
{ echo 127.0.0.1 localhost; echo "$NET.1 $HOST login"; for i in $(seq "$NODES"); do echo "$NET.$((10 + i)) tcn$i"; done; } >"$S/etc/hosts"
printf '%s\n' "${SHARE[@]:-}" >"$S/etc/share"

# ---- daemons. One munged serves all: Debian's Slurm is built for several slurmd on one machine, and takes a credential more than once.
alive "$S/pids/munged.pid" || munged --force --num-threads=10 --key-file="$S/etc/munge.key" --socket="$S/run/munge.socket" \
  --pid-file="$S/pids/munged.pid" --log-file="$S/log/munged.log" --seed-file="$S/run/munged.seed"
[ $DB = 0 ] || . "$HERE/database.sh"
if ! alive "$S/pids/slurmctld.pid"; then
  slurmctld -f "$S/etc/slurm.conf" 9>&- || die "slurmctld did not start: $(tail -n 3 "$S/log/slurmctld.log")"
  for _ in $(seq 100); do alive "$S/pids/slurmctld.pid" && break; sleep 0.02; done
fi

# ---- nodes
start_node() { # number
  local name=tcn$1 space=mc$ID-tcn$1 link=mcv$ID-$1
  mkdir -p "$S/nodes/$name/spool"
  [ -p "$S/nodes/$name/asks" ] || mkfifo "$S/nodes/$name/asks"
  if [ ! -e "/run/netns/$space" ]; then
    ip netns add "$space"
    ip link add "$link" type veth peer name eth0 netns "$space"
    ip link set "$link" master "$BRIDGE" up
    printf 'link set lo up\naddr add %s/24 dev eth0\nlink set eth0 up\nroute add default via %s\n' "$NET.$((10 + $1))" "$NET.1" |
      ip -n "$space" -batch -
  fi
  local groups=()
  if [ $CGROUP = 1 ]; then for c in memory freezer; do mkdir -p "/sys/fs/cgroup/$c/mc$ID/$name"; groups+=("/sys/fs/cgroup/$c/mc$ID/$name"); done; fi
  # Who kills this process kills the machine, with all that runs on it.
  setsid bash -c 'for g in '"${groups[*]:-}"'; do echo $$ >"$g/cgroup.procs"; done
    exec nsenter --net="/run/netns/$0" unshare --mount --uts --ipc --pid --cgroup --fork --kill-child=KILL --mount-proc bash "$@"' \
    "$space" "$HERE/machine.sh" "$S" "$name" >"$S/log/node-$name.out" 2>&1 </dev/null 9>&- &
  echo $! >"$S/pids/node-$name.pid"
}
for i in $(seq "$NODES"); do
  # A machine that is up may have lost its slurmd: it looks, and starts another one.
  if alive "$S/pids/node-tcn$i.pid"; then echo slurmd 1<>"$S/nodes/tcn$i/asks"; else start_node "$i"; fi
done
for n in $(timeout 5 sinfo -h -N -p normal -t drain,fail -o %N 2>/dev/null | sort -u); do scontrol update nodename="$n" state=resume 2>/dev/null || true; done
for _ in $(seq 600); do
  alive "$S/pids/slurmctld.pid" || die "slurmctld died: $(grep -E 'fatal|error' "$S/log/slurmctld.log" | tail -n 3)"
  # A star stands behind the state of a node that does not answer.
  [ "$(timeout 3 sinfo -h -N -p normal -o '%N %T' 2>/dev/null | grep -cvE '[*]$|down|drain|fail|unk|reboot|power')" -ge "$NODES" ] && exit 0
  sleep 0.05
done
die "the nodes did not come up: $(timeout 3 sinfo -h -N -o '%N %T' 2>&1 | sort -u | tr '\n' ';') $(tail -qn 2 "$S"/log/slurmd-*.log)"
