import { timed } from './timed.mjs';

const words = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

function line(i) {
  return `${words[i % 5]}-${i.toString(36)},${words[(i * 3) % 5]},${i % 17}`;
}

function parse(text) {
  const [name, group, number] = text.split(',');
  return { name: name.toUpperCase(), group, number: Number(number) };
}

function tally(sums, { group, number, name }) {
  sums.set(group, (sums.get(group) ?? 0) + number + name.length);
}

timed((scale) => {
  const sums = new Map();
  for (let i = 0; i < 2_000_000 * scale; i++) tally(sums, parse(line(i)));
  return sums;
});
