import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControllerError, scontrol, SlurmMissingError } from 'manycore/slurm';
import { DEVNULL, Popen } from 'manycore/subprocess';

/** A cluster to run jobs on: with a folder that its nodes see, or why there is none. */
export interface Found {
  readonly folder: string;
  readonly missing: string | null;
}

/**
 * The cluster that this machine belongs to; or one that scripts/slurm makes on this machine, for as long as this process lives, where the packages
 * are installed and we are root.
 */
export async function findCluster(): Promise<Found> {
  try {
    await scontrol.showConfig();
    return { folder: homeFolder(), missing: null };
  } catch (error) {
    if (!(error instanceof SlurmMissingError || error instanceof ControllerError)) throw error;
    const keeper = fileURLToPath(new URL('../../../scripts/slurm/keep.sh', import.meta.url));
    if (!existsSync(keeper)) return { folder: '', missing: error.message };
    return makeOne(keeper);
  }
}

/** A folder at home, which all nodes see, for what jobs write; gone with this program. */
function homeFolder(): string {
  const parent = join(homedir(), '.manycore');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'practical-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function makeOne(keeper: string): Promise<Found> {
  const scratch = join(tmpdir(), `manycore-practical-${process.pid}`);
  mkdirSync(scratch);
  const shared = [dirname(process.execPath), dirname(dirname(dirname(keeper)))].filter((path) => path.startsWith('/tmp/'));
  const install = process.env['CI'] === undefined ? [] : ['--install'];
  const words = [keeper, scratch, `${process.pid}`, ...install, ...shared.flatMap((path) => ['--share', path])];
  const started = new Popen(words, { stdin: DEVNULL, stdout: DEVNULL, stderr: DEVNULL, startNewSession: true });
  for (;;) {
    if (started.poll() !== null) return { folder: '', missing: 'the one that was to be made ended at once' };
    if (existsSync(join(scratch, 'ready'))) break;
    for (const why of ['cannot', 'failed'])
      if (existsSync(join(scratch, why)))
        return {
          folder: '',
          missing: `${readFileSync(join(scratch, why), 'utf8').trim()} (scripts/slurm/up.sh --install makes one, as root on Debian)`,
        };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.env['SLURM_CONF'] = join(scratch, 'etc/slurm.conf');
  process.env['MODULEPATH'] = join(scratch, 'modules');
  return { folder: join(scratch, 'shared'), missing: null };
}
