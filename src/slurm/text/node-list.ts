import { DirectiveError } from '../errors.ts';

/** No cluster has so many nodes: a list that gives more is a mistake, or an attack on our memory. */
const MOST = 1_000_000;

/** The nodes that Slurm's short writing stands for: `tcn[1-3,7],gpu2` is tcn1, tcn2, tcn3, tcn7, gpu2. */
export function expandNodes(list: string): string[] {
  const nodes = splitOutside(list).flatMap(expandOne);
  return nodes;
}

function splitOutside(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of list) {
    if (char === '[') depth++;
    else if (char === ']') depth--;
    if (depth < 0 || depth > 1) throw bad(list);
    if (char === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  if (depth !== 0) throw bad(list);
  return [...parts, part].filter((one) => one !== '');
}

/** The first brackets are expanded, then those of what comes behind: `rack[1-2]n[1-4]`. */
function expandOne(word: string): string[] {
  const match = /^([^[\]]*)\[([^[\]]+)\](.*)$/s.exec(word);
  if (match === null) return [word];
  const [, before, ranges, after] = match as unknown as [string, string, string, string];
  const tails = expandOne(after);
  const names = ranges.split(',').flatMap((range) => expandRange(range, word));
  if (names.length * tails.length > MOST) throw bad(word);
  return names.flatMap((name) => tails.map((tail) => before + name + tail));
}

function expandRange(range: string, word: string): string[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(range);
  if (match === null) throw bad(word);
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (last < first || last - first >= MOST) throw bad(word);
  // Leading zeros are part of the names: 08, 09, 10.
  const width = match[1]!.startsWith('0') ? match[1]!.length : 0;
  return Array.from({ length: last - first + 1 }, (_, i) => String(first + i).padStart(width, '0'));
}

const bad = (list: string): DirectiveError =>
  new DirectiveError(`${JSON.stringify(list)} is no list of nodes: it should look like tcn[1-3,7],gpu2`);

/** The numbers of an array's elements, as squeue writes them: `3-9%3` or `0,2,5-15:5`. Cut off (`...`), it gives what is there. */
export function expandElements(spec: string): number[] {
  return spec
    .replace(/%\d+$/, '')
    .split(',')
    .flatMap((part) => {
      const match = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part);
      if (match === null) return [];
      const [first, last, step] = [Number(match[1]), Number(match[2] ?? match[1]), Number(match[3] ?? 1)];
      return Array.from({ length: Math.floor((last - first) / Math.max(step, 1)) + 1 }, (_, i) => first + i * step);
    });
}
