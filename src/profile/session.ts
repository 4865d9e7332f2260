import { console as inspector, type Profiler, Session } from 'node:inspector';
import { StateError } from '../base/errors.ts';

/*
 * One inspector session a thread. V8 answers `Profiler.*` at once, so a profile needs no await.
 */
let session: Session | undefined;

export function ask(method: string, params?: object): unknown {
  let failure: Error | null = null;
  let answer: unknown;
  connected().post(method as 'Profiler.enable', params as never, (error: Error | null, result?: object) => {
    failure = error;
    answer = result;
  });
  if (failure !== null) {
    throw new StateError('ERR_PROFILER', `the profiler refused ${method}: ${(failure as Error).message}`, { cause: failure });
  }
  return answer;
}

/*
 * Profiles that have a title may overlap, unlike those of `Profiler.start`: one that begins before another ends goes on without a gap, and
 * knows all the code that the other has seen. They begin and end by the console of the inspector.
 */
const TITLE = 'manycore ';
const finished = new Map<string, Profiler.Profile>();
let begun = 0;

/** Begins a profile, and gives the title by which it ends. */
export function beginProfile(): string {
  connected();
  const title = `${TITLE}${++begun}`;
  inspector.profile(title);
  return title;
}

/** Ends a profile, and gives it back. */
export function endProfile(title: string): Profiler.Profile {
  inspector.profileEnd(title);
  const profile = finished.get(title);
  if (profile === undefined) throw new StateError('ERR_PROFILER', `the profiler gave nothing back for ${title}`);
  finished.delete(title);
  return profile;
}

function connected(): Session {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.on('Profiler.consoleProfileFinished', ({ params: { title = '', profile } }) => {
      // The program may have others, with titles of its own.
      if (title.startsWith(TITLE)) finished.set(title, profile);
    });
  }
  return session;
}
