let turn = 1;
let isCounting = false;

function next(): void {
  isCounting = false;
  turn++;
}

/** The number of this turn of the event loop. Turns in which nobody asks are not counted. */
export function thisTurn(): number {
  if (!isCounting) {
    isCounting = true;
    setImmediate(next).unref();
  }
  return turn;
}
