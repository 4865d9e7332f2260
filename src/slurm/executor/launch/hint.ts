import { tellsOfMemory } from '../../job/end.ts';

/** What Slurm ends a job with whose output it can't write on the node. */
const NO_OUTPUT = -53;

/** What can be done about the end of a job, from its state, its reason, its exit code, and what its log says; empty when we don't know. */
export function hintFor(state: string, reason: string, log: string, exitCode: number | null = null): string {
  // Its other addresses may lead nowhere.
  if (/does not have the secret of this run/.test(log))
    return 'What listens at the address of this program is another program, or the file of the run was changed: nobody but this user should be able to';
  if (/ERR_CHANNEL_NO_ROUTE|can't be reached/.test(log))
    return 'The node has no way to the machine of this program: `address` names the one by which it can be reached';
  if (/run's file .* can't be read here/.test(log) || exitCode === NO_OUTPUT) return 'Name a folder that all nodes see as `directory`';
  if (/MODULE_NOT_FOUND|Cannot find module/.test(log))
    return 'The package has to lie where the nodes see it: install it in a shared folder';
  if (/execve\(\).*No such file|command not found|No such file or directory/.test(log))
    return 'The node does not have this program: `nodePath` names the Node there, `modules` what is to be loaded before';
  if (/bad option|SyntaxError|ERR_REQUIRE_ESM|does not provide an export/.test(log))
    return 'The Node there is too old: the package needs 20.19 or later; `nodePath` and `modules` choose another one';
  if (/does not want this node/.test(log)) return 'Program and node have to run the same version of the package';
  if (state === 'OUT_OF_MEMORY' || tellsOfMemory(`${reason}\n${log}`))
    return 'It needed more memory than it had asked for: `memory` asks for more';
  if (state === 'TIMEOUT') return 'Its time was up: `time` asks for more; tasks that are shorter lose less';
  if (state === 'NODE_FAIL') return 'The machine failed; others were asked for as far as `nodeRetries` allowed';
  if (state === 'PREEMPTED') return 'Jobs of greater priority needed the node: another partition or quality of service is not pre-empted';
  if (state === 'CANCELLED') return 'Somebody has cancelled it, by scancel or by a dependency, and so no other is asked for';
  if (state === 'REQUEUED') return 'Somebody has put it back into the queue: another one is asked for, as far as `nodeRetries` allows';
  if (state === 'PENDING') return `\`squeue --start\` says when it may begin; sinfo, which nodes there are`;
  if (state === 'RUNNING')
    return 'Slurm has seen nothing of it yet: the machine or its network has failed, or the process of the node was killed; `nodeRetries` has tasks run elsewhere';
  if (state === 'UNKNOWN') return 'sacct may know more, where there are accounts';
  if (exitCode !== null && (exitCode < 0 || exitCode > 128))
    return `A signal has ended it, ${exitCode < 0 ? -exitCode : exitCode - 128}: somebody has sent it, or the system, for want of memory`;
  return '';
}
