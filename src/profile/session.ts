import { Session } from 'node:inspector';
import { StateError } from '../base/errors.ts';

/*
 * One inspector session a thread. V8 answers `Profiler.*` at once, so a profile needs no await.
 */
let session: Session | undefined;

export function ask(method: string, params?: object): unknown {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
  }
  let failure: Error | null = null;
  let answer: unknown;
  session.post(method as 'Profiler.enable', params as never, (error: Error | null, result?: object) => {
    failure = error;
    answer = result;
  });
  if (failure !== null) {
    throw new StateError('ERR_PROFILER', `the profiler refused ${method}: ${(failure as Error).message}`, { cause: failure });
  }
  return answer;
}
