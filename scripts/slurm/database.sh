# Part of up.sh --db: MariaDB and slurmdbd. The data lies in memory: on a busy disk, making it took 9 s.
D=$S/mysql
[ -e "$D" ] || { [ ! -d /dev/shm ] || { mkdir -p "/dev/shm/manycore-slurm-$ID"; ln -s "/dev/shm/manycore-slurm-$ID" "$D"; }; mkdir -p "$D/"; }
SQL="mariadb --no-defaults -uroot -S $S/run/mysql.sock"
if ! alive "$S/pids/mariadbd.pid"; then
  [ -d "$D/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$D" --skip-test-db --auth-root-authentication-method=socket \
    --innodb-log-file-size=8M >"$S/log/mysql-install.log" 2>&1
  setsid mariadbd --no-defaults --user=root --datadir="$D" --innodb-log-file-size=8M --innodb-data-file-path=ibdata1:12M:autoextend \
    --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-lock-wait-timeout=900 --skip-log-bin \
    --socket="$S/run/mysql.sock" --bind-address="$NET.1" --port=$SQLPORT --pid-file="$S/pids/mariadbd.pid" >"$S/log/mariadbd.log" 2>&1 </dev/null &
  for _ in $(seq 400); do $SQL -e 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.05; done
  $SQL -e "CREATE DATABASE IF NOT EXISTS slurm_acct_db; CREATE USER IF NOT EXISTS slurm@'%' IDENTIFIED BY 'lab'; GRANT ALL ON slurm_acct_db.* TO slurm@'%';"
fi
if ! alive "$S/pids/slurmdbd.pid"; then
  (umask 077; printf '%s\n' AuthType=auth/munge "AuthInfo=socket=$S/run/munge.socket" "DbdHost=$HOST" "DbdAddr=$NET.1" "DbdPort=$DBDPORT" SlurmUser=root \
    "LogFile=$S/log/slurmdbd.log" "PidFile=$S/pids/slurmdbd.pid" StorageType=accounting_storage/mysql "StorageHost=$NET.1" "StoragePort=$SQLPORT" \
    StorageUser=slurm StoragePass=lab StorageLoc=slurm_acct_db CommitDelay=1 >"$S/etc/slurmdbd.conf")
  setsid slurmdbd -D >>"$S/log/slurmdbd.out" 2>&1 </dev/null &
  for _ in $(seq 400); do (exec 3<>"/dev/tcp/$NET.1/$DBDPORT") 2>/dev/null && break; sleep 0.05; done
fi
