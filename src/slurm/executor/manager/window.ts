/** How far a task may be ahead of who reads what it gives while it runs: what is under way is bounded, however slow the program is. */
export class Window {
  readonly #most: number;
  #sent = 0;
  #taken = 0;
  #wake: (() => void) | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves when one more may be sent, and counts it. */
  async room(): Promise<void> {
    while (this.#sent - this.#taken >= this.#most) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#sent++;
  }

  /** So many have been read, in all. */
  took(total: number): void {
    if (total > this.#taken) this.#taken = total;
    this.#wake?.();
  }

  /** Nobody counts any more. */
  open(): void {
    this.took(Infinity);
  }
}
