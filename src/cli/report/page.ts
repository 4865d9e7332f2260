import { escapeHtml, highlightTypeScript } from './highlight.ts';

/** What the page shows of one program. */
export interface Shown {
  readonly id: string;
  readonly title: string;
  /** What one learns from it. */
  readonly teaches: string;
  readonly source: string;
  readonly output: string;
  readonly ms: number;
  readonly fault: string | null;
  /** How long the same took in Python, and what it printed. */
  readonly python: { readonly ms: number; readonly output: string } | null;
  /** How it is otherwise in Python, and why. */
  readonly differs: string | null;
}

export interface Facts {
  readonly version: string;
  readonly node: string;
  /** The version of the Python that ran beside; `null` when none did. */
  readonly python: string | null;
  readonly date: Date;
}

/** The report of the practical: one page that needs nothing else, light and dark, wide and narrow. */
export function reportPage(programs: readonly Shown[], { version, node, python, date }: Facts): string {
  const faults = programs.filter(({ fault }) => fault !== null).length;
  const seconds = programs.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The practical, on manycore</title>
<style>${STYLE}</style>
<header>
  <h1>Parallel programming, program by program</h1>
  <p>${programs.length} programs in ${seconds.toFixed(1)} s, ${faults === 0 ? 'each shows what it should' : `<strong>${faults} do not show what they should</strong>`}.
  manycore ${escapeHtml(version)}, Node ${escapeHtml(node)}${python === null ? '' : `, beside Python ${escapeHtml(python)}`}, ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC.</p>
</header>
<nav aria-label="Programs"><ol>${programs.map(entry).join('')}</ol></nav>
<main>
${programs.map(section).join('\n')}
</main>
</html>
`;
}

/** A text in which `words` of a program stand in backquotes. */
const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const mark = (fault: string | null): string => (fault === null ? '' : ' class="fault"');

function entry({ id, title, ms, fault }: Shown): string {
  return `<li${mark(fault)}><a href="#${id}"><b>${id}</b> <span>${escapeHtml(title)}</span> <time>${(ms / 1000).toFixed(2)} s</time></a></li>`;
}

function section({ id, title, teaches, source, output, ms, fault, python, differs }: Shown): string {
  return `<article id="${id}"${mark(fault)}>
<h2><a href="#${id}">${id}</a> ${escapeHtml(title)} <time>${(ms / 1000).toFixed(2)} s${python === null ? '' : `, in Python ${(python.ms / 1000).toFixed(2)} s`}</time></h2>
<p>${prose(teaches)}</p>
${differs === null ? '' : `<p class="differs"><b>In Python:</b> ${prose(differs)}</p>`}
${fault === null ? '' : `<p class="why" role="alert">It does not show what it should: ${escapeHtml(fault)}</p>`}
<div class="pair">
<figure><figcaption>Program</figcaption><pre tabindex="0"><code>${highlightTypeScript(source)}</code></pre></figure>
<figure><figcaption>Output</figcaption><pre class="output" tabindex="0">${escapeHtml(output.trimEnd() === '' ? '(it prints nothing)' : output.trimEnd())}</pre>${python === null ? '' : `<details><summary>What Python prints</summary><pre class="output" tabindex="0">${escapeHtml(python.output.trimEnd())}</pre></details>`}</figure>
</div>
</article>`;
}

const STYLE = `
:root { color-scheme: light dark; --back: #fff; --panel: #f6f6f9; --ink: #1c1c22; --dim: #63636f; --line: #dcdce5; --accent: #5a3fc0; --bad: #b3261e;
  --keyword: #8a2b9c; --string: #1a6b3a; --comment: #6a6a76; --number: #a04a00; --name: #1c1c22; --type: #0b5f8a; --def: #2a4bb8; }
@media (prefers-color-scheme: dark) { :root { --back: #16161b; --panel: #1f1f27; --ink: #ececf2; --dim: #a0a0ad; --line: #353541; --accent: #b5a4ff; --bad: #ff8a80;
  --keyword: #d8a0e8; --string: #8fd3a3; --comment: #9191a0; --number: #f0b37e; --name: #ececf2; --type: #85c8ee; --def: #a9bcff; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 12px; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, nav, main { max-width: 1280px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; }
header p { margin: 0 0 18px; color: var(--dim); }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
nav ol { list-style: none; margin: 0; padding: 12px 14px; columns: 300px; column-gap: 24px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; font-size: 14px; }
nav a { display: flex; gap: 8px; color: inherit; padding: 2px 0; break-inside: avoid; }
nav b { flex: 0 0 42px; color: var(--accent); }
nav span { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
time { color: var(--dim); font-variant-numeric: tabular-nums; font-size: 13px; font-weight: 400; white-space: nowrap; }
.fault b, .fault h2 a { color: var(--bad); }
article { border-top: 1px solid var(--line); margin-top: 32px; padding-top: 20px; }
h2 { font-size: 19px; margin: 0 0 4px; }
article p { margin: 0 0 12px; max-width: 75ch; }
.differs { color: var(--dim); }
.why { color: var(--bad); white-space: pre-wrap; }
.pair { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 14px; align-items: start; }
figure { margin: 0; min-width: 0; }
p code { font: 0.9em ui-monospace, Menlo, Consolas, monospace; }
details { margin-top: 10px; }
summary { font-size: 12px; color: var(--dim); cursor: pointer; margin-bottom: 4px; }
figcaption { font-size: 12px; color: var(--dim); margin-bottom: 4px; }
pre { margin: 0; padding: 12px 14px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; overflow: auto; max-height: 560px; font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; tab-size: 2; }
.output { white-space: pre; }
.tok-keyword, .tok-operator2 { color: var(--keyword); }
.tok-string, .tok-string2 { color: var(--string); }
.tok-comment { color: var(--comment); font-style: italic; }
.tok-number, .tok-bool, .tok-atom { color: var(--number); }
.tok-typeName, .tok-className, .tok-namespace { color: var(--type); }
.tok-definition { color: var(--def); }
@media (max-width: 800px) { .pair { grid-template-columns: minmax(0, 1fr); } header, nav, main { padding-left: 14px; padding-right: 14px; } h1 { font-size: 22px; } pre { font-size: 12px; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
`;
