/** What can be done about the end of a job, from its state, its reason, and what its log says; empty when we don't know. */
export function hintFor(state: string, reason: string, log: string): string {
  if (/ERR_CHANNEL_NO_ROUTE|can't be reached/.test(log))
    return 'The node has no way to the machine of this program: `address` names the one by which it can be reached';
  if (/run's file .* can't be read here/.test(log)) return 'Name a folder that all nodes see as `directory`';
  if (/MODULE_NOT_FOUND|Cannot find module/.test(log))
    return 'The package has to lie where the nodes see it: install it in a shared folder';
  if (/execve\(\).*No such file|command not found|No such file or directory/.test(log))
    return 'The node does not have this program: `nodePath` names the Node there, `modules` what is to be loaded before';
  if (/does not want this node/.test(log)) return 'Program and node have to run the same version of the package';
  if (state === 'OUT_OF_MEMORY' || /oom.kill|Out Of Memory|memory limit/i.test(`${reason}\n${log}`))
    return 'It needed more memory than it had asked for: `memory` asks for more';
  if (state === 'TIMEOUT') return 'Its time was up: `time` asks for more; tasks that are shorter lose less';
  if (state === 'NODE_FAIL') return 'The machine failed; others were asked for as far as `nodeRetries` allowed';
  if (state === 'PREEMPTED') return 'Jobs of greater priority needed the node: another partition or quality of service is not pre-empted';
  return '';
}
