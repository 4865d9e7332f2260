import type { Machine } from './machine.ts';
import { load } from './machine.ts';
import { missing, type Outcome, sample } from './outside.ts';
import type { ContenderResult, LineResult, SuiteResult } from './results.ts';
import { median, summarize } from './statistics.ts';
import { type Contender, inUnit, isOurs, type Line, moreIsBetter, type Suite } from './suite.ts';

export interface Plan {
  readonly node: string;
  readonly rounds: number;
  readonly scale: number;
  readonly machine: Machine;
  /** Only the lines whose name has this in it. */
  readonly only: string;
  readonly progress: (text: string) => void;
}

/** Measures a whole suite, line after line. */
export async function measureSuite(suite: Suite, plan: Plan): Promise<SuiteResult> {
  const before = load();
  const lines: LineResult[] = [];
  for (const line of suite.lines) if (line.name.includes(plan.only)) lines.push(await measureLine(suite, line, plan));
  return {
    name: suite.name,
    about: suite.about,
    machine: plan.machine,
    rounds: plan.rounds,
    quick: plan.scale < 1,
    load: [before, load()],
    lines,
  };
}

/** One sample of each contender a round; every other round goes backwards, so that nobody always runs after the same one. */
async function measureLine(suite: Suite, line: Line, { node, rounds, scale, machine, progress }: Plan): Promise<LineResult> {
  const samples = new Map<Contender, Outcome[]>();
  for (const contender of line.contenders) {
    const reason = missing(contender, machine.versions);
    samples.set(contender, reason === null ? [] : [{ failure: reason }]);
  }
  const present = line.contenders.filter((one) => samples.get(one)!.length === 0);
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? present : present.toReversed()) {
      const taken = samples.get(contender)!;
      // Who has failed twice would fail again.
      if (taken.filter((one) => 'failure' in one).length >= 2) continue;
      progress(`${suite.name} / ${line.name} / ${contender.name} (${round + 1} of ${rounds})`);
      taken.push(await sample(contender, { node, suite: suite.name, line: line.name, scale }));
    }
  }
  const ours = line.contenders.find(isOurs);
  const oursBy = ours === undefined ? [] : valuesOf(line, samples.get(ours)!);
  return {
    name: line.name,
    unit: line.unit,
    aim: line.aim ?? null,
    contenders: line.contenders.map((contender) => resultOf(line, contender, samples.get(contender)!, oursBy)),
  };
}

function valuesOf(line: Line, outcomes: readonly Outcome[]): (number | null)[] {
  return outcomes.map((one) => ('measured' in one ? inUnit(line.unit, one.measured, line.clock) : null));
}

function resultOf(line: Line, contender: Contender, outcomes: readonly Outcome[], oursBy: readonly (number | null)[]): ContenderResult {
  const values = valuesOf(line, outcomes);
  const samples = values.filter((value) => value !== null);
  const ratios = values.flatMap((theirs, round) => {
    const mine = oursBy[round] ?? null;
    if (mine === null || theirs === null) return [];
    return [moreIsBetter(line.unit) ? mine / theirs : theirs / mine];
  });
  const failure = outcomes.find((one) => 'failure' in one);
  const cpu = outcomes.flatMap((one) => ('measured' in one ? [(one.measured.cpuSeconds / one.measured.operations) * 1e6] : []));
  return {
    name: contender.name,
    isFloor: contender.isFloor === true,
    samples,
    value: summarize(samples),
    cpuMicroseconds: summarize(cpu),
    oursIsBetterBy: ratios.length === 0 ? null : median(ratios),
    failure: failure === undefined ? null : failure.failure,
  };
}
