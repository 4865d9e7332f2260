#!/usr/bin/env bash
# machine.sh FOLDER NODE: process 1 of one node, in namespaces of its own. up.sh starts it.
S=$1 NAME=$2 OWN=$1/nodes/$2
hostname "$NAME"
mount --make-rprivate /
mount --bind "$S/etc/hosts" /etc/hosts
# The cgroups as this node's namespace sees them.
if grep -q ' /sys/fs/cgroup/memory cgroup ' /proc/mounts; then
  mount -t tmpfs cgroup_root /sys/fs/cgroup
  for c in memory freezer; do mkdir -p /sys/fs/cgroup/$c; mount -t cgroup -o $c cgroup /sys/fs/cgroup/$c || echo "no cgroup $c"; done
fi
# /tmp is the node's own; the cluster's folder and those of --share stay visible, as on a parallel file system.
mkdir -p "$OWN/tmp"; chmod 1777 "$OWN/tmp"
for shared in "$S" $(cat "$S/etc/share"); do
  case "$shared/" in /tmp/*) mkdir -p "$OWN/tmp/${shared#/tmp/}"; mount --rbind "$shared" "$OWN/tmp/${shared#/tmp/}";; esac
done
mount --rbind "$OWN/tmp" /tmp
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
cd /
exec 3<>"$OWN/asks"
SLURMD=
start_slurmd() { slurmd -D -N "$NAME" -f "$S/etc/slurm.conf" >>"$S/log/slurmd-$NAME.out" 2>&1 3>&- & SLURMD=$!; }
start_slurmd
# Process 1 reaps, and the machine stays up when its slurmd is killed; it starts another one when it is asked to.
while read -r -u 3; do kill -0 "$SLURMD" 2>/dev/null || start_slurmd; done
