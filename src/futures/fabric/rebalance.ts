import { QUEUED } from './layout.ts';
import type { Outbox } from './outbox.ts';
import type { Pins } from './pins.ts';
import type { Slots } from './slots.ts';

const FIRST_LOOK_MS = 5;
const LAST_LOOK_MS = 50;

/**
 * Sees to it that no task which goes to one worker waits for that one while another is idle: the one may be blocked, even by a task that waits for
 * this one.
 *
 * The owner looks when results have come, when a worker is about to sleep while tasks are held, and now and then as long as any have not begun.
 */
export class Rebalance {
  readonly #slots: Slots;
  readonly #pins: Pins;
  readonly #outbox: Outbox;
  #timer: NodeJS.Timeout | null = null;
  #delay = FIRST_LOOK_MS;

  constructor(slots: Slots, pins: Pins, outbox: Outbox) {
    this.#slots = slots;
    this.#pins = pins;
    this.#outbox = outbox;
  }

  /** A task waits for one worker. */
  watch(): void {
    this.#delay = FIRST_LOOK_MS;
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.look();
      if (!this.#pins.isAnyWaiting) return;
      this.#delay = Math.min(LAST_LOOK_MS, this.#delay * 2);
      this.#lookLater();
    }, this.#delay).unref();
  }

  /** Gives tasks that wait to workers that are idle. */
  look(): void {
    const pins = this.#pins;
    if (pins.size === 0) return;
    let idle = pins.idle();
    if (idle === undefined) return;
    for (const [slot, pin] of pins.list()) {
      // Sending one may have brought results, and with them what the program does then.
      if (pins.of(slot) !== pin) continue;
      if (pin.worker === null) pins.sendHeld(slot, pin);
      else if (pin.isMoved || pin.isFixed || pin.worker.isIdle || this.#slots.stateOf(slot) !== QUEUED) continue;
      else if (!this.#outbox.move(slot, pin, idle)) continue;
      idle = pins.idle();
      if (idle === undefined) return;
    }
  }
}
