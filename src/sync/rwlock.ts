import type { WaitTarget } from '../word/waits.ts';
import type { FutexWord } from '../word/word.ts';
import type { Table } from './holders.ts';
import { OWNER } from './lock-block.ts';
import { ABANDONED, CONTENDED, type Grant } from './mutex.ts';
import type { Waiting } from './waiting.ts';

/*
 * Many readers, or one writer. A word for the writer, and a table of places for readers, each a word that names who reads.
 *
 *   writer   0                   nobody writes, or wants to
 *            owner               it writes
 *            owner + WAITING     it keeps new readers out, and waits until those that are in have gone
 *            + CONTENDED         somebody may be asleep on the word; all are woken when it is free
 *            + ABANDONED         a writer died in it: all who come are told, until a writer has come and gone
 *   reader   0                   a free place
 *            owner               it reads, or looks whether it may
 *            + CONTENDED         the writer may be asleep on it
 *
 *   writer free -> owner + WAITING             write
 *          owner + WAITING -> owner            no place has a living reader
 *          owner + WAITING -> free             it gives up
 *          owner -> 0                          releaseWrite
 *          dead owner + WAITING -> free, or the next one + WAITING
 *          dead owner -> ABANDONED, or the next one + WAITING + ABANDONED
 *   reader 0 -> owner                          read; it is in if it then finds no writer, and goes back to 0 otherwise
 *          owner, dead owner -> 0              releaseRead; the writer
 *
 * Invariant: a reader takes its place before it looks at the writer, and a writer takes its word before it looks at the
 * places. So one of the two sees the other. Whoever is in, or waits, is in a word that says who: nothing is lost with the dead.
 */
export interface RwWords {
  readonly writer: FutexWord;
  readonly readers: Table<Reader>;
  readonly target?: WaitTarget | undefined;
}

/** A place for a reader. */
export interface Reader {
  readonly word: FutexWord;
  readonly target?: WaitTarget | undefined;
}

const WAITING = 1 << 31;
const ALL = 0x7fff_ffff;

/** Takes the reading side if nobody writes or waits to. `abandoned`: it is taken, and a writer has died before. */
export function tryRead({ writer, readers }: RwWords): Grant {
  const before = writer.load();
  if ((before & OWNER) !== 0 && !clearDead(writer, before)) return false;
  const place = takePlace(readers, writer.self);
  const seen = writer.load();
  if ((seen & OWNER) === 0) return (seen & ABANDONED) === 0 ? 'acquired' : 'abandoned';
  leave(place, writer.self);
  return false;
}

export function* read(words: RwWords): Waiting<Grant> {
  const { writer, target } = words;
  for (;;) {
    const grant = tryRead(words);
    if (grant !== false) return grant;
    const expected = announce(writer);
    if (expected === 0) continue;
    const reason = yield { word: writer, expected, target };
    if (reason === 'timed-out' || reason === 'cancelled') return tryRead(words);
  }
}

/**
 * Takes the writing side if it can be had at once. `abandoned`: it is taken, and the last writer died. A reader that tries at the
 * same moment may find this one in its way, though neither gets in.
 */
export function tryWrite(words: RwWords): Grant {
  // A look first, for one who only tries should not turn readers away.
  if (nextReader(words.readers, 0) >= 0) return false;
  const mine = seize(words.writer, true);
  if (mine !== 'waiting') return mine;
  if (nextReader(words.readers, 0) < 0) return enter(words.writer);
  giveUp(words.writer);
  return false;
}

export function* write(words: RwWords): Waiting<Grant> {
  const { writer, target } = words;
  let ended = false;
  for (let isFirst = true; ; isFirst = false) {
    const mine = seize(writer, isFirst);
    if (mine === 'waiting') break;
    if (mine !== false || ended) return mine;
    const expected = announce(writer);
    if (expected === 0) continue;
    const reason = yield { word: writer, expected, target };
    ended = reason === 'timed-out' || reason === 'cancelled';
  }
  for (let at = nextReader(words.readers, 0); at >= 0; at = nextReader(words.readers, at)) {
    const { word, target: reading } = words.readers.all()[at]!;
    if (ended) {
      giveUp(writer);
      return false;
    }
    const expected = announce(word);
    if (expected === 0) continue;
    const reason = yield { word, expected, target: reading };
    ended = reason === 'timed-out' || reason === 'cancelled';
  }
  return enter(writer);
}

/** Gives up a reading side of the caller's; false when it has none. */
export function releaseRead({ writer, readers }: RwWords): boolean {
  const places = readers.all();
  const { self } = writer;
  let at = firstLook(self, places);
  for (let i = 0; i < places.length; i++) {
    if (leave(places[at]!, self)) return true;
    if (++at === places.length) at = 0;
  }
  return false;
}

/** Gives up a reading side of anybody's: where it was, or `null` when nobody reads. */
export function releaseAnyRead({ readers }: RwWords): Reader | null {
  const at = nextReader(readers, 0);
  if (at < 0) return null;
  const place = readers.all()[at]!;
  return leave(place, place.word.load() & OWNER) ? place : null;
}

/** Gives up the writing side: who had it, or 0 when nobody writes. */
export function releaseWrite({ writer }: RwWords): number {
  for (let seen = writer.load(); (seen & OWNER) !== 0 && (seen & WAITING) === 0;) {
    const now = writer.compareExchange(seen, 0);
    if (now === seen) {
      if ((seen & CONTENDED) !== 0) writer.wake(ALL);
      return seen & OWNER;
    }
    seen = now;
  }
  return 0;
}

/** How many read; -1 when somebody writes. */
export function holders({ writer, readers }: RwWords): number {
  const seen = writer.load();
  if ((seen & OWNER) !== 0 && (seen & WAITING) === 0) return -1;
  return readers.all().filter(({ word }) => isRead(word, word.load())).length;
}

function takePlace(readers: Table<Reader>, self: number): Reader {
  for (;;) {
    const places = readers.all();
    let at = firstLook(self, places);
    for (let i = 0; i < places.length; i++) {
      const place = places[at]!;
      if (place.word.load() === 0 && place.word.compareExchange(0, self) === 0) return place;
      if (++at === places.length) at = 0;
    }
    readers.grow();
  }
}

/** Each thread begins to look at a place of its own. */
function firstLook(self: number, { length }: readonly Reader[]): number {
  const at = self & 3;
  return at < length ? at : 0;
}

/** Frees a place, if it is this thread's, and wakes the writer that waits for it. */
function leave({ word }: Reader, id: number): boolean {
  for (let seen = word.load(); (seen & OWNER) === id;) {
    const now = word.compareExchange(seen, 0);
    if (now === seen) {
      if ((seen & CONTENDED) !== 0) word.wake(ALL);
      return true;
    }
    seen = now;
  }
  return false;
}

const isRead = (word: FutexWord, seen: number): boolean => (seen & OWNER) !== 0 && !word.isDead(seen & OWNER);

/** The next place from `from` on that has a living reader, or -1. Frees those of the dead on its way. */
function nextReader(readers: Table<Reader>, from: number): number {
  const places = readers.all();
  for (let at = from; at < places.length; at++) {
    const { word } = places[at]!;
    const seen = word.load();
    if (seen === 0) continue;
    if (isRead(word, seen)) return at;
    if (word.compareExchange(seen, 0) === seen && (seen & CONTENDED) !== 0) word.wake(ALL);
  }
  return -1;
}

/** Says in a word that somebody will sleep on it; what it is then, or 0 when there is no reason to sleep any more. */
function announce(word: FutexWord): number {
  const seen = word.load();
  if ((seen & OWNER) === 0) return 0;
  const expected = seen | CONTENDED;
  return seen === expected || word.compareExchange(seen, expected) === seen ? expected : 0;
}

/** What a word becomes when its owner, who is dead, is taken out of it. */
const withoutDead = (seen: number): number => ((seen & WAITING) === 0 ? ABANDONED : seen & ABANDONED);

/** Takes a dead writer out of the word; false when it lives. */
function clearDead(writer: FutexWord, seen: number): boolean {
  if (!writer.isDead(seen & OWNER)) return false;
  if (writer.compareExchange(seen, withoutDead(seen)) === seen) writer.wake(ALL);
  return true;
}

/**
 * Takes the writer's word, to wait for the readers then. Who writes and has been told of a death says by a second acquire that
 * it knows; only with `mayKnow`, for who has slept is another task of the writer's thread.
 */
function seize(writer: FutexWord, mayKnow: boolean): Grant | 'waiting' {
  const mine = writer.self;
  for (let seen = writer.load(); ;) {
    const owner = seen & OWNER;
    const knows = mayKnow && owner === mine && (seen & ABANDONED) !== 0 && (seen & WAITING) === 0;
    let wanted: number;
    if (knows) wanted = seen & ~ABANDONED;
    else if (owner === 0) wanted = mine | WAITING | (seen & ABANDONED);
    else if (writer.isDead(owner)) wanted = mine | WAITING | (seen & CONTENDED) | withoutDead(seen);
    else return false;
    const now = writer.compareExchange(seen, wanted);
    if (now === seen) return knows ? 'acquired' : 'waiting';
    seen = now;
  }
}

/** The readers have gone. */
function enter(writer: FutexWord): Grant {
  for (let seen = writer.load(); ;) {
    const now = writer.compareExchange(seen, seen & ~WAITING);
    if (now === seen) return (seen & ABANDONED) === 0 ? 'acquired' : 'abandoned';
    seen = now;
  }
}

function giveUp(writer: FutexWord): void {
  for (let seen = writer.load(); ;) {
    const now = writer.compareExchange(seen, seen & ABANDONED);
    if (now === seen) {
      if ((seen & CONTENDED) !== 0) writer.wake(ALL);
      return;
    }
    seen = now;
  }
}
