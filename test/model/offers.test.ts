import { readFileSync } from 'node:fs';
import type * as Offers from '../../src/host/thread/offers.ts';
import type * as Table from '../../src/host/thread/table.ts';
import { Jump, type Me, type Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import * as record from './offers-memory.ts';
import { simulated } from './offers-memory.ts';
import { check, prove, replaceOnce, textAsModule } from './prove.ts';

/*
 * How threads get to carriers (src/host/thread/offers.ts, and table.ts below it), when threads are terminated meanwhile, and workers die between any two
 * steps. What carrier.ts and thread-main.ts do around it is written again here, step by step.
 */
const memory = new URL('offers-memory.js', import.meta.url).href;
const built = new URL('../../src/host/thread/', import.meta.url);
const table = textAsModule(
  `import { Atomics } from '${memory}';\n${readFileSync(new URL('table.js', built), 'utf8').replace('../../word/heap.js', memory)}`,
  built,
);
const { BUSY, ENDING, GONE, OF_MAIN, PARKED, STARTING, takeCarrierThatIs } = (await import(table)) as typeof Table;

function onModel(text: string): string {
  const changes = [
    ['../../word/heap.js', memory],
    ['../../sync/glance.js', memory],
    ['../../sync/patrol.js', memory],
    ['./record.js', memory],
    ['./table.js', table],
  ] as const;
  const imports = changes.reduce((all, [replace, by]) => replaceOnce(all, replace, by), text);
  return `import { Atomics, isUsed } from '${memory}';\n${imports.replaceAll('Atomics.load(view, stateAt(carrier)) !== FREE', 'isUsed(carrier)')}`;
}

/** Who does something: the thread that has made the carriers, and hears of their ends, does one thing at a time. */
type By = 'maker' | 'another';

interface Cast {
  readonly name: string;
  /** Who starts threads 1, 2… */
  readonly starts: readonly (readonly [By, ...(readonly number[])])[];
  /** Who terminates which. */
  readonly terminates?: readonly (readonly [By, number])[];
  /** The states of the carriers at first. */
  readonly carriers: readonly number[];
  /** Those of them that may die by themselves, whatever they do, except while they sleep. */
  readonly mortal?: readonly number[];
  /** Threads that end their worker themselves. */
  readonly exits?: readonly number[];
  /** Whether the first that starts threads may die meanwhile: these are lost then, and the others must not be. */
  readonly mortalStarter?: boolean;
  readonly preemptions?: number;
}

const NOT_UP = 16;
const MINE = -2;
/** In place of a carrier: one that has none here. */
const ANOTHER = 600;
const FIRST_STOLEN = 15;

function scenarioOf(offers: typeof Offers, cast: Cast): Scenario<string> {
  const { starts, terminates = [], carriers, mortal = [], exits = [], mortalStarter = false } = cast;
  const runs = starts.flatMap(([, ...own]) => own);
  const terminated = terminates.map(([, run]) => run);

  const as =
    (section: Section<string>): Section<string> =>
    (me, carried) => {
      simulated.me = me;
      return section(me, carried);
    };

  const asMaker = (sections: Section<string>[]): Section<string>[] => [
    ({ words, again }) => void (words['maker']!.compareExchange(0, 1) === 0 || again()),
    ...sections,
    ({ words }) => words['maker']!.store(0),
  ];

  /** carrier.ts endDoomed(), and kill() by the maker. */
  const endDoomed = (by: By, run: number): Section<string>[] => [
    (_, isDoomed) => {
      if (isDoomed !== true) return -1;
      const bearer = offers.revoke(run, by === 'maker' ? -1 : ANOTHER);
      return bearer === true ? MINE : bearer;
    },
    (_, bearer) => {
      if (bearer === MINE) record.die(run);
      return bearer;
    },
    ({ words, again }, bearer) => {
      if (by !== 'maker' && (bearer as number) >= 0 && words['maker']!.compareExchange(0, 1) !== 0) return again();
      return bearer;
    },
    (me, bearer) => {
      if ((bearer as number) < 0) return;
      kill(me, bearer as number);
      if (by !== 'maker') me.words['maker']!.store(0);
    },
  ];
  const kill = ({ words }: Me<string>, carrier: number): void => {
    const given = offers.runOf(carrier);
    if (given === 0 || record.stateOf(given) !== record.DOOMED) return;
    words[`ordered${carrier}`]!.store(1);
    const { run, hadBegun } = offers.withdraw(carrier);
    offers.callAll();
    if (run !== 0 && !hadBegun) record.die(run);
  };

  /** carrier.ts carry(). */
  const start = (by: By, run: number): Section<string>[] => [
    ({ again }) => {
      const parked = takeCarrierThatIs(PARKED, OF_MAIN);
      if (parked >= 0) return parked;
      const starting = takeCarrierThatIs(STARTING, OF_MAIN);
      if (starting >= 0) return starting + NOT_UP;
      // It would make another one.
      return again();
    },
    (_, found) => {
      const carrier = (found as number) % NOT_UP;
      record.setCarrierOf(run, carrier);
      offers.offer(carrier, run, (found as number) < NOT_UP);
    },
    () => record.stateOf(run) === record.DOOMED,
    ...endDoomed(by, run),
    () => record.sharedHeap().release(run),
  ];

  const terminate = (by: By, run: number): Section<string>[] => [
    () => record.doom(run),
    ...endDoomed(by, run),
    () => record.sharedHeap().release(run),
  ];

  const [WAIT, TAKE, WORK] = [1, 2, 4];
  /** thread-main.ts, and run-thread.ts finished(). */
  const carry = (carrier: number): Section<string>[] => [
    () => new Jump(carriers[carrier] === STARTING ? TAKE : WAIT),
    ({ words, idle }) => {
      idle(words[`state${carrier}`]!, PARKED);
    },
    ({ words, awaitEnd }) => {
      const run = offers.takeGiven(carrier);
      if (run === null) return awaitEnd();
      if (run === 0) return new Jump(WAIT);
      words[`awake${carrier}`]!.exchange(1);
      return run;
    },
    (_, run) => {
      offers.passOn();
      return run;
    },
    ({ words, awaitEnd }, given) => {
      const run = given as number;
      check(words[`ran${run / 16}`]!.exchange(1) === 0, `thread ${run / 16} is run twice`);
      if (exits.includes(run)) {
        const mine = offers.takeAlong(carrier);
        offers.giveBack(carrier, mine);
        if (mine !== 0) record.die(mine);
        words[`ordered${carrier}`]!.store(1);
        return awaitEnd();
      }
      words[`state${carrier}`]!.compareExchange(BUSY, ENDING);
      return record.end(run) ? true : awaitEnd();
    },
    ({ words }) => {
      offers.letGo(carrier);
      const run = offers.takeOver(carrier);
      if (run === 0) words[`awake${carrier}`]!.store(0);
      words[`state${carrier}`]!.store(run === 0 ? PARKED : BUSY);
      if (run === 0) return new Jump(WAIT);
      return record.stateOf(run) === record.DOOMED ? run : new Jump(WORK, run);
    },
    (_, run) => {
      // It waits until its end comes.
      const bearer = offers.revoke(run as number, carrier);
      check(bearer === carrier, 'who has taken a thread over is not known to have it');
      return bearer;
    },
    ({ words, awaitEnd }) => {
      words[`ordered${carrier}`]!.store(1);
      awaitEnd();
    },
  ];

  /** carrier.ts watch() and gone(): the maker hears of a worker's end. */
  const first = starts.length + terminates.length + 1;
  const bury = (me: Me<string>, dead: number): void => {
    simulated.me = me;
    const { words, again } = me;
    const carrier = dead - first;
    // It waits for who takes it over first, but holds nobody up meanwhile.
    if ((carrier >= 0 && words[`claim${carrier}`]!.load() >= FIRST_STOLEN) || words['maker']!.compareExchange(0, 1) !== 0) again();
    if (carrier >= 0 && offers.isStolen(carrier)) {
      words['maker']!.store(0);
      again();
    }
    if (carrier < 0) {
      offers.giveBack(ANOTHER, 0);
      words['maker']!.store(0);
      return;
    }
    const { run } = offers.withdraw(carrier);
    if (run !== 0) record.die(run);
    offers.giveBack(carrier, run);
    offers.letGo(carrier);
    words[`state${carrier}`]!.store(GONE);
    words['maker']!.store(0);
  };

  const words: Record<string, number> = { count: 0, calling: 0, maker: 0 };
  for (const [carrier, state] of carriers.entries())
    Object.assign(words, {
      [`state${carrier}`]: state,
      [`run${carrier}`]: 0,
      [`claim${carrier}`]: 0,
      [`ordered${carrier}`]: 0,
      [`awake${carrier}`]: state === STARTING ? 1 : 0,
    });
  for (const run of runs)
    Object.assign(words, {
      [`record${run}`]: record.STARTED,
      [`carrier${run}`]: 0,
      [`refs${run}`]: terminated.includes(run) ? 3 : 2,
      [`ran${run}`]: 0,
    });
  const only = (by: By, sections: Section<string>[]): Section<string>[] => (by === 'maker' ? asMaker(sections) : sections);
  const offset = (run: number): number => run * 16;
  return {
    name: cast.name,
    words,
    ghosts: [...runs.flatMap((run) => [`refs${run}`, `ran${run}`]), ...carriers.map((_, carrier) => `awake${carrier}`)],
    threads: [
      ...starts.map(([by, ...own]) => own.flatMap((run) => only(by, start(by, offset(run))))),
      ...terminates.map(([by, run]) => only(by, terminate(by, offset(run)))),
      ...carriers.map((_, carrier) => carry(carrier)),
    ].map((sections) => sections.map(as)),
    deaths: terminated.length + mortal.length + exits.length + (mortalStarter ? 1 : 0),
    patrolled: false,
    looksForEver: mortalStarter,
    mortal: (thread, word) => {
      const carrier = thread - first;
      if (carrier < 0) return mortalStarter && thread === 1;
      return word(`ordered${carrier}`) === 1 || (mortal.includes(carrier) && word(`awake${carrier}`) === 1);
    },
    bury,
    ...(cast.preemptions === undefined ? {} : { preemptions: cast.preemptions }),
    atEnd: (last, dead) => {
      // What one that dies was about to give is lost, and with it a carrier.
      const given = dead.includes(1) && mortalStarter ? (starts[0]!.slice(1) as number[]) : [];
      const lost = runs.filter((run) => last[`record${run}`] !== record.ENDED && ![...terminated, ...given, ...exits].includes(run));
      const byThemselves = dead.filter((thread) => mortal.includes(thread - first));
      for (const run of runs) {
        if (given.includes(run)) continue;
        check(last[`record${run}`] === record.ENDED || last[`record${run}`] === record.DIED, `thread ${run} has not ended`);
        check(last[`record${run}`] !== record.ENDED || last[`ran${run}`] === 1, `thread ${run} has not run`);
        // One that dies between two steps of its own accord may leave it held.
        check(last[`refs${run}`]! <= byThemselves.length, `record ${run} is still held`);
      }
      check(lost.length <= byThemselves.length, `thread ${lost.join()} has died`);
      // One that dies may leave it too high.
      check(last['count']! >= 0 && last['count']! <= dead.length, 'somebody is still counted');
      check(last['calling'] === 0, 'somebody is still called');
      for (const carrier of carriers.keys()) {
        const isDead = dead.includes(first + carrier);
        if (given.length > 0 && last[`state${carrier}`] === BUSY && last[`claim${carrier}`] === 0) continue;
        check(last[`state${carrier}`] === (isDead ? GONE : PARKED), `carrier ${carrier} is in the state ${last[`state${carrier}`]}`);
        check(last[`claim${carrier}`] === 0, `the claim of carrier ${carrier} is ${last[`claim${carrier}`]}`);
      }
    },
  };
}

const casts: readonly Cast[] = [
  { name: 'one starts two', starts: [['another', 1, 2]], carriers: [PARKED, PARKED], preemptions: 2 },
  { name: 'one starts three, one of which comes up', starts: [['maker', 1, 2, 3]], carriers: [PARKED, PARKED, STARTING], preemptions: 1 },
  {
    name: 'two start one each',
    starts: [
      ['maker', 1],
      ['another', 2],
    ],
    carriers: [PARKED, PARKED],
    preemptions: 2,
  },
  {
    name: 'two start one each, and a worker comes up',
    starts: [
      ['another', 1],
      ['maker', 2],
    ],
    carriers: [PARKED, STARTING],
    preemptions: 2,
  },
  {
    name: 'the first of two is terminated',
    starts: [['another', 1, 2]],
    terminates: [['maker', 1]],
    carriers: [PARKED, PARKED],
    preemptions: 1,
  },
  {
    name: 'the first of two is terminated by another',
    starts: [['maker', 1, 2]],
    terminates: [['another', 1]],
    carriers: [PARKED, PARKED],
    preemptions: 2,
  },
  {
    name: 'the second of two is terminated',
    starts: [['another', 1, 2]],
    terminates: [['maker', 2]],
    carriers: [PARKED, PARKED],
    preemptions: 2,
  },
  {
    name: 'the second of two is terminated by another',
    starts: [['maker', 1, 2]],
    terminates: [['another', 2]],
    carriers: [PARKED, PARKED],
    preemptions: 1,
  },
  {
    name: 'the second is terminated, whose worker comes up',
    starts: [['maker', 1, 2]],
    terminates: [['another', 2]],
    carriers: [PARKED, STARTING],
    preemptions: 1,
  },
  {
    name: 'the second of three is terminated',
    starts: [['another', 1, 2, 3]],
    terminates: [['maker', 2]],
    carriers: [PARKED, PARKED, PARKED],
    preemptions: 0,
  },
  {
    name: 'both of two are terminated',
    starts: [['another', 1, 2]],
    terminates: [
      ['maker', 1],
      ['another', 2],
    ],
    carriers: [PARKED, PARKED],
    preemptions: 1,
  },
  { name: 'the first carrier dies', starts: [['another', 1, 2]], carriers: [PARKED, PARKED, PARKED], mortal: [0], preemptions: 1 },
  { name: 'the second carrier dies', starts: [['another', 1, 2]], carriers: [PARKED, PARKED, PARKED], mortal: [1], preemptions: 1 },
  { name: 'one that comes up dies', starts: [['maker', 1, 2]], carriers: [PARKED, STARTING, PARKED], mortal: [1], preemptions: 1 },
  {
    name: 'one that comes up dies, and the other',
    starts: [['maker', 1, 2]],
    carriers: [PARKED, STARTING, PARKED],
    mortal: [0, 1],
    preemptions: 0,
  },
  {
    name: 'a carrier dies while a thread is terminated',
    starts: [['another', 1, 2]],
    terminates: [['maker', 2]],
    carriers: [PARKED, PARKED],
    mortal: [0],
    preemptions: 1,
  },
  { name: 'the first of two ends its worker', starts: [['another', 1, 2]], carriers: [PARKED, PARKED], exits: [1], preemptions: 2 },
  {
    name: 'one of two that start dies',
    starts: [
      ['another', 1],
      ['another', 2],
    ],
    carriers: [PARKED, PARKED],
    mortalStarter: true,
    preemptions: 1,
  },
];

prove<typeof Offers>({
  module: 'offers',
  folder: 'host/thread',
  onModel,
  scenarios: (offers) => casts.map((cast) => scenarioOf(offers, cast)),
  mutants: [
    {
      fault: 'one that is called by a dead one',
      replace: 'Atomics.store(view, callingAt(), 0);\n    for (let carrier = 0;',
      by: 'for (let carrier = 0;',
    },
    { fault: 'one that died before the wake', replace: 'claim === CALLED || (claim === OFFERED', by: '(claim === OFFERED' },
    { fault: 'a maker that calls nobody in place of one that has died', replace: '    callAll();\n', by: '' },
    {
      fault: 'a thread taken over whose carrier was not let go of',
      replace: 'free(carrier, claim);\n        Atomics.store(view, claimAt(thief), TAKEN);',
      by: 'Atomics.store(view, claimAt(thief), TAKEN);\n        free(carrier, claim);',
    },
    {
      fault: 'a plain store that settles',
      replace: 'if (Atomics.compareExchange(words(), claimAt(carrier), before, after) !== before)\n        return false;',
      by: 'Atomics.store(words(), claimAt(carrier), after);',
    },
    { fault: 'a record that is named and not held', replace: 'sharedHeap().retain(run);', by: '' },
    { fault: 'a carrier that passes nothing on', replace: 'if (Atomics.load(words(), countAt()) > 0)\n        callNext();', by: '' },
    { fault: 'a starter that relies on one who has looked', replace: 'if (isUp)\n        callNext();', by: '' },
  ],
});
