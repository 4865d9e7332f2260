import { conditions } from './document.ts';
import { plotOf } from './plot.ts';
import type { SuiteResult } from './results.ts';
import { aimOf, digits, lossesOf, verdictOf } from './table.ts';

/** What was measured, as one page that needs nothing else: losses first. */
export async function pageOf(results: readonly SuiteResult[]): Promise<string> {
  const losses = results.flatMap((result) =>
    lossesOf(result).map((loss) => `<li><a href="#${result.name}">${result.name}</a>: ${escape(loss)}</li>`),
  );
  const sections: string[] = [];
  for (const result of results) sections.push(await section(result));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>manycore, measured</title>
<style>${STYLE}</style>
<header>
<h1>manycore, beside others</h1>
<p>Each dot is the median of all rounds, each bar goes from the least to the most, on scales where a step is a factor.
<b class="ours">Ours</b>, <b class="better">who does the same and is better</b>, <b class="other">who does the same</b>, <b class="floor">what does less, and shows what is possible at all</b>.</p>
<nav>${results.map(({ name }) => `<a href="#${name}">${name}</a>`).join(' ')}</nav>
</header>
<main>
<section><h2>Where we lose, or miss what we aimed at</h2>${losses.length === 0 ? '<p>Nowhere.</p>' : `<ul>${losses.join('')}</ul>`}</section>
${sections.join('\n')}
</main>
</html>
`;
}

async function section(result: SuiteResult): Promise<string> {
  const parts: string[] = [];
  for (const line of result.lines) {
    const rows = line.contenders.map((one) => {
      const cells =
        one.samples.length === 0
          ? ['–', '', '', escape(one.failure ?? 'not measured')]
          : [
              `${digits(one.value.median)} ${line.unit}`,
              `${digits(one.value.least)} – ${digits(one.value.most)}`,
              one === line.contenders[0] || one.oursIsBetterBy === null ? '' : `${digits(one.oursIsBetterBy)} ×`,
              escape(verdictOf(one)),
            ];
      return `<tr><th scope="row">${escape(one.name)}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
    });
    const aim = aimOf(line);
    parts.push(`<figure><figcaption>${escape(line.name)}${aim === '' ? '' : ` <small>${escape(aim)}</small>`}</figcaption>${await plotOf(line)}
<details><summary>Numbers</summary><div class="scroll"><table><thead><tr><th scope="col">by</th><th scope="col">median</th><th scope="col">least – most</th><th scope="col">ours is</th><td></td></tr></thead><tbody>${rows.join('')}</tbody></table></div></details></figure>`);
  }
  return `<section id="${result.name}"><h2>${result.name}</h2><p>${escape(result.about)}</p>${parts.join('\n')}<p class="dim">${escape(conditions(result))}</p></section>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `
:root { color-scheme: light dark; --back: #fff; --panel: #f6f6f9; --ink: #1c1c22; --dim: #63636f; --line: #dcdce5; --ours: #5a3fc0; --better: #b3261e; --other: #6b7280; --floor: #b98900; }
@media (prefers-color-scheme: dark) { :root { --back: #16161b; --panel: #1f1f27; --ink: #ececf2; --dim: #a0a0ad; --line: #353541; --ours: #b5a4ff; --better: #ff8a80; --other: #9aa0ac; --floor: #e0b84c; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 12px; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 900px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 20px; margin: 0 0 6px; }
section { border-top: 1px solid var(--line); margin-top: 28px; padding-top: 18px; }
a { color: var(--ours); }
nav { display: flex; flex-wrap: wrap; gap: 4px 14px; }
.ours { color: var(--ours); } .better { color: var(--better); } .other { color: var(--other); } .floor { color: var(--floor); }
figure { margin: 18px 0; padding: 14px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
figcaption { font-weight: 600; margin-bottom: 6px; }
small, .dim { color: var(--dim); font-weight: 400; font-size: 13px; }
svg { display: block; }
summary { cursor: pointer; font-size: 13px; color: var(--dim); margin-top: 8px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 10px 3px 0; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
th[scope=row] { font-weight: 400; }
@media (max-width: 600px) { header, main { padding: 0 12px; } h1 { font-size: 22px; } figure { padding: 10px 8px; } }
`;
