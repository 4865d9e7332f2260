/* What the games have others run. */

export const square = (n: number): number => n * n;

export function fails(n: number): never {
  throw new RangeError(`as it must, with ${n}`);
}

export function dies(): void {
  process.exit(3);
}

export function spins(): void {
  for (;;);
}

export async function waits(ms: number, n: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return n;
}

export function* counts(end: number): Generator<number> {
  for (let n = 0; n < end; n++) yield n;
}
