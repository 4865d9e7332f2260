/**
 * Makes this process Node with these arguments: signals, the terminal, the exit code, and an end by `kill -9` are then those of the program, with
 * nobody in between. Returns where that can't be done: before Node 22.15, and on Windows.
 */
export function becomeNode(args: readonly string[]): void {
  const { execve } = process as { readonly execve?: (file: string, args: readonly string[]) => never };
  if (execve === undefined || process.platform === 'win32') return;
  execve.call(process, process.execPath, [process.execPath, ...args]);
}
