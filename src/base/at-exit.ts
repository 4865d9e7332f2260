import { expectListener } from './expect-listener.ts';

type Listener = (code: number) => void;

const known = new WeakSet<Listener>();

/**
 * Has `listener` called at the end of this process, or thread: after the program's own, or `first` of all. Node takes more than ten listeners for a
 * leak, and warns of it: ours come on top of those that a program may have.
 */
export function atExit(listener: Listener, when: 'first' | 'in turn' = 'in turn'): void {
  const most = process.getMaxListeners();
  if (most > 0 && !known.has(listener)) process.setMaxListeners(most + 1);
  known.add(expectListener(listener));
  if (when === 'first') process.prependListener('exit', listener);
  else process.on('exit', listener);
}
