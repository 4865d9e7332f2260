import type { TraceEvent, TraceFile } from './events.ts';

const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
/** JSON that cannot end the script it stands in. */
const embed = (data: unknown): string => JSON.stringify(data).replaceAll('<', String.raw`\u003c`);

/** A timeline as one page that needs nothing else: zoomable, searchable, light and dark, for fingers and for keys. */
export function timelinePage(trace: Pick<TraceFile, 'traceEvents'>, title: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<header>
  <h1>${escapeHtml(title)}</h1>
  <input id="search" type="search" placeholder="Search (regular expression)" aria-label="Search spans">
  <output id="found"></output>
  <span class="buttons">
    <button id="out" type="button" aria-label="Zoom out">−</button>
    <button id="in" type="button" aria-label="Zoom in">+</button>
    <button id="whole" type="button">Whole</button>
  </span>
</header>
<ul id="legend"></ul>
<main id="scroll"><div id="space"></div><canvas id="chart" tabindex="0" role="img" aria-label="Timeline: one row a thread, time from left to right. Arrows move, plus and minus zoom"></canvas></main>
<footer id="details" aria-live="polite">Drag to move, Ctrl and wheel, or + and −, to zoom. A click shows what a span is; a double click fits it.</footer>
<script type="application/json" id="data">${embed(pageData(trace.traceEvents))}</script>
<script>${SCRIPT}</script>
</html>
`;
}

interface PageRow {
  readonly process: string;
  readonly name: string;
  /** Begin, duration, name, kind, arguments: the last three by their places in `texts`; a moment has no duration. */
  readonly spans: (readonly [begin: number, time: number | null, name: number, kind: number, args: number])[];
}

interface PageData {
  readonly texts: readonly string[];
  readonly rows: readonly PageRow[];
  /** The texts of arguments that tell of an error. */
  readonly failed: readonly number[];
}

/** The events by rows, in the order in which they are shown, with each text once. */
function pageData(events: readonly TraceEvent[]): PageData {
  const texts = new Map<string, number>();
  const text = (value: string): number => {
    let number = texts.get(value);
    if (number === undefined) texts.set(value, (number = texts.size));
    return number;
  };
  const processes = new Map<number, string>();
  const rows = new Map<string, PageRow>();
  const order = new Map<string, number>();
  const names = new Map<string, string>();
  const failed = new Set<number>();
  for (const event of events) {
    if (event.ph !== 'M') continue;
    const { name, args, pid, tid } = event;
    if ('name' in args) {
      if (name === 'process_name') processes.set(pid, args.name);
      else if (name === 'thread_name') names.set(`${pid} ${tid}`, args.name);
    } else if (name === 'process_sort_index') order.set(String(pid), args.sort_index);
  }
  for (const event of events) {
    if (event.ph !== 'X' && event.ph !== 'i') continue;
    const { pid, tid, name, cat, ts } = event;
    const key = `${pid} ${tid}`;
    let row = rows.get(key);
    if (row === undefined) {
      row = { process: `${processes.get(pid) ?? 'process'} (${pid})`, name: names.get(key) ?? `thread ${tid}`, spans: [] };
      rows.set(key, row);
    }
    const args = Object.keys(event.args).length === 0 ? '' : JSON.stringify(event.args);
    if ('failure' in event.args) failed.add(text(args));
    row.spans.push([ts, event.ph === 'X' ? event.dur : null, text(name), text(cat), text(args)]);
  }
  const place = (key: string): [number, number] => {
    const [pid, tid] = key.split(' ') as [string, string];
    return [order.get(pid) ?? Infinity, Number(tid)];
  };
  const sorted = [...rows].toSorted(([a], [b]) => {
    const [[processA, rowA], [processB, rowB]] = [place(a), place(b)];
    return (processA === processB ? 0 : processA - processB) || rowA - rowB;
  });
  for (const [, { spans }] of sorted) spans.sort((a, b) => a[0] - b[0] || (b[1] ?? 0) - (a[1] ?? 0));
  return { texts: [...texts.keys()], rows: sorted.map(([, row]) => row), failed: [...failed] };
}

const STYLE = `
:root { color-scheme: light dark; --back: #fff; --ink: #1b1b1f; --dim: #6b6b76; --line: #dcdce4; --band: #f4f4f8; --found: #8a2be2;
  --run: #3b82c4; --block: #c9584c; --await: #b9b3c9; --task: #4d9e6a; --command: #a07832; --gc: #8d8d8d; --request: #7a63c0; --measure: #2f9c9c; --mark: #c9584c; }
@media (prefers-color-scheme: dark) { :root { --back: #17171c; --ink: #ececf1; --dim: #9a9aa8; --line: #34343f; --band: #1f1f26; --found: #c792ff;
  --run: #3f7fb8; --block: #b8503f; --await: #565069; --task: #3f8459; --command: #8a6a30; --gc: #6d6d6d; --request: #6a56a8; --measure: #2a8585; --mark: #ff8a7a; } }
* { box-sizing: border-box; }
html, body { height: 100%; }
body { margin: 0; display: flex; flex-direction: column; background: var(--back); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; padding: 10px 14px 4px; }
h1 { font-size: 15px; margin: 0; flex: 1 1 160px; overflow-wrap: anywhere; }
input, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 6px; padding: 5px 9px; }
input { flex: 1 1 200px; min-width: 0; max-width: 340px; }
output, footer, #legend { color: var(--dim); }
.buttons { display: flex; gap: 4px; }
#legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 0; padding: 2px 14px 8px; font-size: 12px; border-bottom: 1px solid var(--line); }
#legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
main { flex: 1; overflow-y: auto; overflow-x: hidden; position: relative; min-height: 120px; }
#space { width: 1px; }
canvas { position: sticky; top: 0; left: 0; display: block; width: 100%; touch-action: none; cursor: grab; }
footer { padding: 8px 14px; border-top: 1px solid var(--line); min-height: 3.4em; max-height: 30vh; overflow: auto; overflow-wrap: anywhere; font-size: 13px; white-space: pre-wrap; }
footer b { color: var(--ink); }
`;

const SCRIPT = String.raw`
const { texts, rows, ...data } = JSON.parse(document.getElementById('data').textContent), failed = new Set(data.failed);
const $ = (id) => document.getElementById(id), canvas = $('chart'), scroll = $('scroll'), space = $('space'), context = canvas.getContext('2d');
const KINDS = { run: 'runs', block: 'blocked', await: 'awaits', task: 'asyncio task', command: 'command', gc: 'garbage collection', request: 'HTTP', measure: 'measured', mark: 'mark' };
const dark = matchMedia('(prefers-color-scheme: dark)'), AXIS = 24, HEAD = 22, ROW = 20;
let whole = 1;
for (const row of rows) {
  row.levels = 1; const ends = [];
  row.flat = row.spans.map((span) => {
    const [begin, time] = span; whole = Math.max(whole, begin + (time || 0));
    if (time === null) return { span, level: 0 };
    while (ends.length && ends.at(-1) <= begin) ends.pop();
    ends.push(begin + time); row.levels = Math.max(row.levels, ends.length);
    return { span, level: ends.length - 1 };
  });
  row.level = [];
  for (const { span, level } of row.flat) (row.level[level] ||= []).push(span);
  delete row.flat;
}
let y = 0, process = null, thread = null, last = '';
for (const row of rows) {
  // The rows of a thread below its own say what they hold, once.
  const part = thread !== null && row.process === process && row.name.startsWith(thread + ': ') ? row.name.slice(thread.length + 2) : null;
  row.label = part === null ? row.name : part === last ? '' : '   ' + part;
  if (part === null) thread = row.name; last = part;
  if (row.process !== process) { row.head = y; y += HEAD; process = row.process; }
  row.y = y; y += row.levels * ROW + 4;
}
const height = y + 8;
space.style.height = height + AXIS + 'px';
let from = 0, to = whole, pattern = null, chosen = null, labels = 170, colours = {};
const used = new Set(rows.flatMap((row) => row.spans.map((span) => texts[span[3]])));
for (const kind of Object.keys(KINDS)) if (used.has(kind)) $('legend').insertAdjacentHTML('beforeend', '<li><i style="background:var(--' + kind + ')"></i>' + KINDS[kind] + '</li>');
function time(us, step = us) { return step < 1000 ? us.toFixed(step < 1 ? 1 : 0) + ' µs' : step < 1e6 ? +(us / 1000).toFixed(2) + ' ms' : +(us / 1e6).toFixed(3) + ' s'; }
function firstAfter(spans, at) { let low = 0, high = spans.length; while (low < high) { const middle = (low + high) >> 1; if (spans[middle][0] + (spans[middle][1] || 0) < at) low = middle + 1; else high = middle; } return low; }
function draw() {
  const style = getComputedStyle(document.documentElement); for (const name of [...Object.keys(KINDS), 'back', 'ink', 'dim', 'line', 'band', 'found']) colours[name] = style.getPropertyValue('--' + name);
  const width = scroll.clientWidth, tall = scroll.clientHeight, ratio = devicePixelRatio || 1; labels = Math.min(190, width * 0.28);
  canvas.width = width * ratio; canvas.height = tall * ratio; canvas.style.height = tall + 'px'; space.style.height = Math.max(0, height + AXIS - tall) + 'px';
  context.setTransform(ratio, 0, 0, ratio, 0, 0); context.clearRect(0, 0, width, tall); context.font = '12px system-ui, sans-serif'; context.textBaseline = 'middle';
  const top = AXIS - scroll.scrollTop, scale = (width - labels) / (to - from), x = (at) => labels + (at - from) * scale;
  const step = 10 ** Math.floor(Math.log10((to - from) / 4)), tick = [1, 2, 5, 10].map((n) => n * step).find((n) => n * scale >= 70) || step * 10;
  context.strokeStyle = colours.line; context.beginPath();
  for (let at = Math.ceil(from / tick) * tick; at <= to; at += tick) { context.moveTo(x(at) + 0.5, 0); context.lineTo(x(at) + 0.5, tall); }
  context.stroke();
  for (const row of rows) {
    if (row.head !== undefined && top + row.head < tall && top + row.head + HEAD > 0) {
      context.fillStyle = colours.band; context.fillRect(0, top + row.head, width, HEAD - 2); context.fillStyle = colours.ink; context.font = 'bold 12px system-ui, sans-serif';
      context.fillText(row.process, 8, top + row.head + HEAD / 2 - 1, width - 16); context.font = '12px system-ui, sans-serif';
    }
    if (top + row.y > tall || top + row.y + row.levels * ROW < 0) continue;
    row.level.forEach((spans, level) => {
      const at = top + row.y + level * ROW; let drawn = -1;
      for (let i = firstAfter(spans, from); i < spans.length; i++) {
        const span = spans[i], [begin, lasts, name, kind] = span; if (begin > to) break;
        const hit = pattern !== null && pattern.test(texts[name]), left = Math.max(labels, x(begin)), right = Math.min(width, Math.max(x(begin + (lasts || 0)), left + 1));
        if (lasts === null) {
          context.fillStyle = hit ? colours.found : colours.mark; context.beginPath(); context.moveTo(x(begin), at + 8); context.lineTo(x(begin) - 4, at); context.lineTo(x(begin) + 4, at); context.fill(); continue;
        }
        // What would lie on the same pixel is drawn once.
        if (right <= drawn && !hit && span !== chosen) continue;
        drawn = right;
        context.globalAlpha = pattern !== null && !hit ? 0.3 : 1; context.fillStyle = hit ? colours.found : colours[texts[kind]] || colours.gc; context.fillRect(left, at, Math.max(1, right - left - 0.5), ROW - 2);
        if (failed.has(span[4])) { context.fillStyle = colours.mark; context.fillRect(left, at + ROW - 5, Math.max(1, right - left - 0.5), 3); }
        if (span === chosen) { context.strokeStyle = colours.ink; context.lineWidth = 2; context.strokeRect(left, at, Math.max(2, right - left), ROW - 2); context.lineWidth = 1; }
        if (right - left > 30) {
          context.save(); context.beginPath(); context.rect(left, at, right - left - 3, ROW); context.clip(); context.fillStyle = texts[kind] === 'await' && !dark.matches ? '#1b1b1f' : '#fff';
          context.fillText(texts[name], left + 4, at + ROW / 2 - 1); context.restore();
        }
      }
      context.globalAlpha = 1;
    });
    context.fillStyle = colours.back; context.fillRect(0, top + row.y, labels - 4, row.levels * ROW); context.fillStyle = colours.ink;
    context.save(); context.beginPath(); context.rect(0, top + row.y, labels - 8, ROW); context.clip(); context.fillText(row.label, 12, top + row.y + ROW / 2 - 1); context.restore();
  }
  context.fillStyle = colours.back; context.fillRect(0, 0, width, AXIS); context.fillStyle = colours.dim;
  for (let at = Math.ceil(from / tick) * tick; at <= to; at += tick) if (x(at) < width - 40) context.fillText(time(at, tick), x(at) + 3, AXIS / 2);
  context.strokeStyle = colours.line; context.beginPath(); context.moveTo(0, AXIS - 0.5); context.lineTo(width, AXIS - 0.5); context.moveTo(labels - 2.5, 0); context.lineTo(labels - 2.5, tall); context.stroke();
}
let asked = false;
const redraw = () => { if (!asked) { asked = true; requestAnimationFrame(() => { asked = false; draw(); }); } };
function show(begin, end) { const least = 0.5, lasts = Math.min(whole * 1.02, Math.max(least, end - begin)); from = Math.min(Math.max(begin, -0.01 * whole), 1.01 * whole - lasts); to = from + lasts; redraw(); }
const timeAt = (x) => from + (x - labels) * (to - from) / (canvas.clientWidth - labels);
function zoom(factor, at = (from + to) / 2) { show(at - (at - from) * factor, at + (to - at) * factor); }
function spanAt(x, y) {
  const at = timeAt(x), slack = 3 * (to - from) / canvas.clientWidth; y += scroll.scrollTop - AXIS; if (x < labels) return null;
  for (const row of rows) {
    if (y < row.y || y >= row.y + row.levels * ROW) continue;
    let best = null;
    for (const span of row.level[Math.floor((y - row.y) / ROW)] || []) {
      if (span[0] > at + slack) break;
      if (at <= span[0] + (span[1] || 0) + slack && (best === null || span[0] <= at)) best = span;
    }
    return best && { span: best, row };
  }
  return null;
}
function choose(found) {
  chosen = found && found.span; redraw(); if (!found) return;
  const [begin, lasts, name, kind, args] = chosen, line = (tag, text) => { const part = document.createElement(tag); part.textContent = text; return part; };
  const given = texts[args] ? JSON.parse(texts[args]) : {}, parts = [KINDS[texts[kind]] || texts[kind], found.row.name + ' of ' + found.row.process, 'at ' + time(begin), ...(lasts === null ? [] : ['for ' + time(lasts)])];
  $('details').replaceChildren(line('b', texts[name]), document.createTextNode('  ' + parts.join(', ') + Object.entries(given).map(([key, value]) => '\n' + key + ': ' + (typeof value === 'string' ? value : JSON.stringify(value))).join('')));
}
const fingers = new Map(); let moved = 0;
canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); fingers.set(event.pointerId, event); if (fingers.size === 1) moved = 0; };
canvas.onpointermove = (event) => {
  const before = fingers.get(event.pointerId); if (!before) return; fingers.set(event.pointerId, event);
  const perPixel = (to - from) / (canvas.clientWidth - labels);
  if (fingers.size === 2) {
    const [a, b] = [...fingers.values()], other = a.pointerId === event.pointerId ? b : a, distance = (one) => Math.max(10, Math.abs(one.offsetX - other.offsetX));
    zoom(distance(before) / distance(event), timeAt((event.offsetX + other.offsetX) / 2)); moved = 9; return;
  }
  const dx = event.offsetX - before.offsetX, dy = event.offsetY - before.offsetY; moved += Math.abs(dx) + Math.abs(dy);
  scroll.scrollTop -= dy; show(from - dx * perPixel, to - dx * perPixel);
};
canvas.onpointerup = canvas.onpointercancel = (event) => { fingers.delete(event.pointerId); if (moved < 6 && event.type === 'pointerup') choose(spanAt(event.offsetX, event.offsetY)); };
canvas.ondblclick = (event) => { const found = spanAt(event.offsetX, event.offsetY); if (found) { const [begin, lasts] = found.span, edge = (lasts || 100) * 0.1; show(begin - edge, begin + (lasts || 0) + edge); } };
canvas.addEventListener('wheel', (event) => {
  if (event.ctrlKey || event.metaKey) { event.preventDefault(); zoom(1.0015 ** event.deltaY, timeAt(event.offsetX)); }
  else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); const by = (event.deltaX || event.deltaY) * (to - from) / canvas.clientWidth; show(from + by, to + by); }
}, { passive: false });
scroll.onscroll = redraw;
$('in').onclick = () => zoom(0.5); $('out').onclick = () => zoom(2); $('whole').onclick = () => show(0, whole);
$('search').oninput = (event) => {
  try { pattern = event.target.value ? new RegExp(event.target.value, 'i') : null; } catch { pattern = null; }
  let count = 0, sum = 0; if (pattern) for (const row of rows) for (const span of row.spans) if (pattern.test(texts[span[2]])) { count++; sum += span[1] || 0; }
  $('found').textContent = pattern ? count.toLocaleString('en') + ' found, ' + time(sum) : ''; redraw();
};
onkeydown = (event) => {
  if (event.target.tagName === 'INPUT') return;
  const quarter = (to - from) / 4, act = { ArrowLeft: () => show(from - quarter, to - quarter), ArrowRight: () => show(from + quarter, to + quarter), '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), Escape: () => show(0, whole) }[event.key];
  if (act) { event.preventDefault(); act(); }
};
onresize = redraw; dark.onchange = redraw; draw();
`;
