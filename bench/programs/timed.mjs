/** Does some work after a short warm-up, and prints how many milliseconds it took. The first argument is the scale. */
export function timed(work) {
  const scale = Number(process.argv[2] ?? 1);
  work(scale / 20);
  const start = performance.now();
  work(scale);
  console.log(`took ${performance.now() - start}`);
}

export async function timedAsync(work) {
  const scale = Number(process.argv[2] ?? 1);
  await work(scale / 20);
  const start = performance.now();
  await work(scale);
  console.log(`took ${performance.now() - start}`);
}
