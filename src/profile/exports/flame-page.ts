const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
/** JSON that cannot end the script it stands in. */
const embed = (data: unknown): string => JSON.stringify(data).replaceAll('<', String.raw`\u003c`);

/** The page of a flame graph: markup, style and script around the data. */
export function flamePage(
  title: string,
  data: { readonly texts: readonly string[]; readonly blocks: readonly (readonly number[])[] },
): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<header>
  <h1>${escapeHtml(title)}</h1>
  <input id="search" type="search" placeholder="Search functions (regular expression)" aria-label="Search functions">
  <output id="found"></output>
  <button id="reset" type="button" hidden>Whole profile</button>
</header>
<canvas id="graph" tabindex="0" role="img" aria-label="Flame graph"></canvas>
<div id="tip" hidden></div>
<script type="application/json" id="data">${embed(data)}</script>
<script>${SCRIPT}</script>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --back: #fff; --ink: #1b1b1f; --dim: #6b6b76; --line: #dcdce4; --found: #8a2be2; }
@media (prefers-color-scheme: dark) { :root { --back: #17171c; --ink: #ececf1; --dim: #9a9aa8; --line: #34343f; --found: #c792ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; padding: 10px 14px; border-bottom: 1px solid var(--line); position: sticky; top: 0; background: var(--back); }
h1 { font-size: 15px; margin: 0; flex: 1 1 200px; overflow-wrap: anywhere; }
input, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 6px; padding: 5px 9px; }
input { flex: 1 1 220px; max-width: 360px; }
output { color: var(--dim); }
canvas { display: block; width: 100%; cursor: pointer; }
#tip { position: fixed; pointer-events: none; max-width: min(90vw, 560px); padding: 6px 9px; border-radius: 6px; background: var(--ink); color: var(--back); font-size: 12px; overflow-wrap: anywhere; }
`;

const SCRIPT = `
const { texts, blocks } = JSON.parse(document.getElementById('data').textContent);
const canvas = document.getElementById('graph'), tip = document.getElementById('tip'), reset = document.getElementById('reset');
const context = canvas.getContext('2d'), ROW = 20, whole = blocks[0][2] || 1;
const depth = blocks.reduce((most, block) => Math.max(most, block[0]), 0);
const dark = matchMedia('(prefers-color-scheme: dark)');
let from = 0, to = whole, pattern = null;
function colour(block) {
  if (block[6]) { const strength = Math.min(1, Math.abs(block[6])); return 'hsl(' + (block[6] > 0 ? 4 : 214) + ' ' + (20 + 70 * strength) + '% ' + (dark.matches ? 32 : 72) + '%)'; }
  let hash = 0; for (const c of texts[block[5]]) hash = (hash * 31 + c.charCodeAt(0)) | 0;
  return 'hsl(' + (18 + Math.abs(hash) % 44) + ' 78% ' + (dark.matches ? 28 : 68) + '%)';
}
function draw() {
  const width = canvas.clientWidth, height = (depth + 1) * ROW + 8, ratio = devicePixelRatio || 1;
  canvas.width = width * ratio; canvas.height = height * ratio; canvas.style.height = height + 'px';
  context.setTransform(ratio, 0, 0, ratio, 0, 0); context.clearRect(0, 0, width, height);
  context.font = '12px system-ui, sans-serif'; context.textBaseline = 'middle';
  const scale = width / (to - from), found = getComputedStyle(document.documentElement).getPropertyValue('--found');
  let matched = 0, until = -1;
  for (const block of blocks) {
    const hit = pattern && pattern.test(texts[block[4]] + ' ' + texts[block[5]]);
    if (hit && block[1] >= until) { matched += block[2]; until = block[1] + block[2]; }
    const x = (block[1] - from) * scale, w = block[2] * scale;
    if (x + w < 0 || x > width || w < 0.3) continue;
    const left = Math.max(0, x), right = Math.min(width, x + w), y = block[0] * ROW + 4;
    context.fillStyle = hit ? found : colour(block); context.globalAlpha = pattern && !hit ? 0.35 : 1;
    context.fillRect(left, y, Math.max(0.5, right - left - 1), ROW - 1);
    if (right - left < 28) continue;
    context.save(); context.beginPath(); context.rect(left, y, right - left - 4, ROW); context.clip();
    context.fillStyle = hit || dark.matches ? '#fff' : '#1b1b1f'; context.fillText(texts[block[4]] + '  ' + texts[block[5]], left + 4, y + ROW / 2); context.restore();
  }
  context.globalAlpha = 1; reset.hidden = from === 0 && to === whole;
  document.getElementById('found').textContent = pattern ? (100 * matched / whole).toFixed(1) + ' % of the time' : '';
}
function at(event) {
  const time = from + event.offsetX * (to - from) / canvas.clientWidth, row = Math.floor((event.offsetY - 4) / ROW);
  return blocks.find((block) => block[0] === row && block[1] <= time && time < block[1] + block[2]);
}
const ms = (us) => (us / 1000).toFixed(us < 10000 ? 2 : 0) + ' ms';
canvas.onclick = (event) => { const block = at(event); if (block) { from = block[1]; to = block[1] + Math.max(1, block[2]); draw(); } };
canvas.onmousemove = (event) => {
  const block = at(event); tip.hidden = !block; if (!block) return;
  const change = block[6] ? ', ' + (block[6] > 0 ? '+' : '') + (100 * block[6]).toFixed(0) + ' %' : '';
  tip.textContent = texts[block[4]] + ' ' + texts[block[5]] + ': ' + ms(block[2]) + ' (' + (100 * block[2] / whole).toFixed(1) + ' %), itself ' + ms(block[3]) + change;
  tip.style.left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8) + 'px'; tip.style.top = event.clientY + 16 + 'px';
};
canvas.onmouseleave = () => { tip.hidden = true; };
reset.onclick = () => { from = 0; to = whole; draw(); };
document.getElementById('search').oninput = (event) => {
  try { pattern = event.target.value ? new RegExp(event.target.value, 'i') : null; } catch { pattern = null; }
  draw();
};
onkeydown = (event) => { if (event.key === 'Escape') reset.onclick(); };
onresize = draw; dark.onchange = draw; draw();
`;
