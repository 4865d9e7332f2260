import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { flameDiff, flameGraph, type RawProfile } from '../../src/profile/index.ts';
import { test } from '../support/test.ts';

/** `main` with `heavy` for 600 ms and `light` for 200, and some other way round. */
function recording(heavy: number, light: number): RawProfile {
  const node = (id: number, functionName: string, children: number[]): object => ({
    id,
    callFrame: {
      functionName,
      scriptId: '1',
      url: functionName === '(root)' ? '' : 'file:///nowhere/app.js',
      lineNumber: id,
      columnNumber: 0,
    },
    hitCount: 1,
    children,
  });
  return {
    version: 1,
    host: 'host',
    pid: 1,
    threadId: 0,
    name: 'app.js',
    startUs: 0,
    endUs: 1e6,
    profile: {
      nodes: [node(1, '(root)', [2]), node(2, 'main', [3, 4]), node(3, 'heavy', []), node(4, 'light', [])],
      samples: [3, 4, 4],
      timeDeltas: [0, heavy * 1000, light * 1000],
      startTime: 0,
      endTime: 1e6,
    } as never,
    counts: null,
    ranges: [],
    asyncCalls: {},
  };
}

interface Element {
  hidden: boolean;
  textContent: string;
  clientWidth: number;
  readonly style: Record<string, string>;
  readonly [handler: string]: unknown;
}
interface Drawn {
  readonly text: string;
  readonly ink: string;
  readonly block: string;
  readonly alpha: number;
  readonly width: number;
}

/** The page with as much of a browser around it as its script asks for: what it draws can be seen. */
function open(
  page: string,
  isDark = false,
): {
  readonly drawn: () => Drawn[];
  readonly element: (id: string) => Element;
  readonly fire: (id: string, event: string, what: object) => void;
} {
  const drawn: Drawn[] = [];
  let [block, alpha, width] = ['', 1, 0];
  const context = {
    fillStyle: '',
    globalAlpha: 1,
    clearRect: () => void (drawn.length = 0),
    fillRect(_x: number, _y: number, w: number) {
      [block, alpha, width] = [this.fillStyle, this.globalAlpha, w];
    },
    fillText(text: string) {
      drawn.push({ text, ink: this.fillStyle, block, alpha, width });
    },
    ...Object.fromEntries(['setTransform', 'save', 'beginPath', 'rect', 'clip', 'restore'].map((name) => [name, () => {}])),
  };
  const elements = new Map<string, Element>();
  const element = (id: string): Element => {
    let one = elements.get(id);
    if (one === undefined)
      elements.set(id, (one = { hidden: false, textContent: '', clientWidth: 1000, style: {}, getContext: () => context }));
    return one;
  };
  element('data').textContent = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
  runInNewContext(/<script>(.*)<\/script>/s.exec(page)![1]!, {
    document: { getElementById: element, documentElement: {} },
    getComputedStyle: () => ({ getPropertyValue: () => 'found' }),
    matchMedia: () => ({ matches: isDark }),
    devicePixelRatio: 1,
    innerWidth: 1000,
  });
  const fire = (id: string, event: string, what: object): void => (element(id)[event] as (what: object) => void)(what);
  return { drawn: () => [...drawn], element, fire };
}

const named = (drawn: readonly Drawn[], name: string): Drawn => drawn.find(({ text }) => text.startsWith(name))!;

test('the page of a flame graph shows each function as wide as its time', () => {
  const { drawn } = open(flameGraph([recording(600, 200)], 'app'));
  assert.ok(Math.abs(named(drawn(), 'main').width - 999) < 1);
  assert.ok(Math.abs(named(drawn(), 'heavy').width - 749) < 1);
  assert.ok(Math.abs(named(drawn(), 'light').width - 249) < 1);
  assert.equal(named(drawn(), 'heavy').text, 'heavy  app.js:4');
});

test('what is searched for is marked, the rest fades, and its share of the time is told', () => {
  const { drawn, element, fire } = open(flameGraph([recording(600, 200)], 'app'));
  fire('search', 'oninput', { target: { value: '^HEA' } });
  assert.equal(named(drawn(), 'heavy').block, 'found');
  assert.equal(named(drawn(), 'heavy').alpha, 1);
  assert.notEqual(named(drawn(), 'light').block, 'found');
  assert.ok(named(drawn(), 'light').alpha < 1);
  assert.equal(element('found').textContent, '75.0 % of the time');
  // A pattern that is not finished yet finds nothing, and breaks nothing.
  fire('search', 'oninput', { target: { value: '(' } });
  assert.equal(element('found').textContent, '');
  assert.equal(named(drawn(), 'light').alpha, 1);
});

test('a click makes a function as wide as the page, and a button shows all again', () => {
  const { drawn, element, fire } = open(flameGraph([recording(600, 200)], 'app'));
  assert.equal(element('reset').hidden, true);
  fire('graph', 'onclick', { offsetX: 900, offsetY: 3 * 20 + 10 });
  assert.equal(element('reset').hidden, false);
  assert.ok(Math.abs(named(drawn(), 'light').width - 999) < 1);
  fire('reset', 'onclick', {});
  assert.ok(Math.abs(named(drawn(), 'light').width - 249) < 1);
});

test('the page is light or dark, as the reader has it', () => {
  const page = flameGraph([recording(600, 200)], 'app');
  assert.match(page, /color-scheme: light dark/);
  assert.match(page, /@media \(prefers-color-scheme: dark\)/);
  const [light, dark] = [false, true].map((isDark) => named(open(page, isDark).drawn(), 'heavy'));
  assert.notEqual(light!.ink, dark!.ink);
  assert.notEqual(light!.block, dark!.block);
});

test('in a page that compares two profiles, what has become dearer is red, and what has become cheaper blue', () => {
  const { drawn } = open(flameDiff([recording(200, 600)], [recording(600, 200)], 'app'));
  assert.match(named(drawn(), 'heavy').block, /^hsl\(4 /);
  assert.match(named(drawn(), 'light').block, /^hsl\(214 /);
});

test('what goes on inside Node is the time of the function that called it, unless all is asked for', () => {
  const one = recording(600, 200);
  const nodes = one.profile!.nodes.map((node) =>
    node.callFrame.functionName === 'light' ? { ...node, callFrame: { ...node.callFrame, url: 'node:internal/util' } } : node,
  );
  const inside = { ...one, profile: { ...one.profile!, nodes } };
  assert.equal(named(open(flameGraph([inside], 'app')).drawn(), 'light'), undefined);
  assert.ok(named(open(flameGraph([inside], 'app', { all: true })).drawn(), 'light').width > 200);
  const main = open(flameGraph([inside], 'app'));
  assert.ok(named(main.drawn(), 'main').width > 990);
});
