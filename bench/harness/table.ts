import type { ContenderResult, LineResult, SuiteResult } from './results.ts';
import { isOurs, moreIsBetter } from './suite.ts';

const HEAD = ['what', 'by', 'median', 'least – most', 'CPU µs each', 'ours is', ''];

/** Three digits that mean something. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** The result of a suite as a table in Markdown, which reads as plain text as well. */
export function tableOf({ lines }: SuiteResult): string {
  const rows = lines.flatMap((line) => line.contenders.map((contender, i) => rowOf(line, contender, i === 0)));
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const format = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column < 2 || column > 5 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column < 2 || column > 5 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [format(HEAD), rule, ...rows.map(format)].join('\n');
}

function rowOf(line: LineResult, contender: ContenderResult, isFirst: boolean): string[] {
  const what = isFirst ? line.name : '';
  if (contender.samples.length === 0) return [what, contender.name, '–', '', '', '', contender.failure ?? 'not measured'];
  const { median, least, most } = contender.value;
  const ratio = isFirst ? '' : contender.oursIsBetterBy === null ? '' : `${digits(contender.oursIsBetterBy)} ×`;
  return [
    what,
    contender.name,
    `${digits(median)} ${line.unit}`,
    `${digits(least)} – ${digits(most)}`,
    line.unit === 'MB' || line.unit === '×' ? '' : digits(contender.cpuMicroseconds.median),
    ratio,
    [verdictOf(contender), isFirst ? aimOf(line) : '', contender.failure === null ? '' : `failed at times: ${contender.failure}`]
      .filter((text) => text !== '')
      .join('; '),
  ];
}

/** Within this, two medians on a busy machine say nothing. */
const EVEN = 1.05;

/** What it says of somebody beside ours, in a word; empty when there is nothing to say. */
export function verdictOf(contender: ContenderResult): string {
  if (contender.isFloor) return 'floor';
  const by = contender.oursIsBetterBy;
  if (isOurs(contender) || by === null) return '';
  return by < 1 / EVEN ? 'LOST' : by < EVEN ? 'even' : '';
}

/** Whether the first of ours has met its aim, in words; empty when there is none. */
export function aimOf({ aim, unit, contenders }: LineResult): string {
  const ours = contenders[0];
  if (aim === null || ours === undefined || ours.samples.length === 0) return '';
  if ('value' in aim) {
    const isMet = moreIsBetter(unit) ? ours.value.median >= aim.value : ours.value.median <= aim.value;
    return `aim ${moreIsBetter(unit) ? '≥' : '≤'} ${digits(aim.value)} ${unit}: ${isMet ? 'met' : 'MISSED'}`;
  }
  const other = contenders.find(({ name }) => name === aim.of);
  const by = other?.oursIsBetterBy ?? null;
  if ('within' in aim) {
    if (by === null) return '';
    return `aim ≤ ${aim.of} + ${digits(aim.within)} ${unit}: ${ours.value.median <= other!.value.median + aim.within ? 'met' : 'MISSED'}`;
  }
  return by === null ? '' : `aim ≥ ${digits(aim.times)} × ${aim.of}: ${by >= aim.times ? 'met' : 'MISSED'}`;
}

/** Lines in which somebody who does the same was better, and aims that were missed. */
export function lossesOf({ lines }: SuiteResult): string[] {
  return lines.flatMap((line) => {
    const lost = line.contenders
      .filter((one) => verdictOf(one) === 'LOST')
      .map((one) => `${one.name} ${digits(1 / one.oursIsBetterBy!)} × better`);
    const aim = aimOf(line);
    if (aim.endsWith('MISSED')) lost.push(aim);
    return lost.length === 0 ? [] : [`${line.name}: ${lost.join(', ')}`];
  });
}
