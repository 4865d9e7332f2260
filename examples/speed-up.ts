import { availableParallelism } from 'node:os';

/** Runs the same work in this thread and on the pool, and prints how much quicker the second was. Both must give the same. */
export async function compare<T>(what: string, alone: () => Promise<T> | T, together: () => Promise<T>): Promise<T> {
  let begin = performance.now();
  const expected = await alone();
  const aloneMs = performance.now() - begin;
  begin = performance.now();
  const result = await together();
  const togetherMs = performance.now() - begin;
  if (JSON.stringify(result) !== JSON.stringify(expected)) throw new Error(`${what}: the pool gave something else than one thread`);
  console.log(
    `${what}: ${aloneMs.toFixed(0)} ms in one thread, ${togetherMs.toFixed(0)} ms on ${availableParallelism()} cores: ${(aloneMs / togetherMs).toFixed(2)} times as fast`,
  );
  return result;
}
