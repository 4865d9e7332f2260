import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { isOurs, moreIsBetter } from './suite.ts';
import type { ContenderResult, LineResult } from './results.ts';

/** Whose a point is: its colour. */
type Whose = 'ours' | 'floor' | 'better' | 'other';

/** Who does the same and is better than the first of ours is drawn as plainly as who is worse. */
function whose(one: ContenderResult): Whose {
  if (isOurs(one)) return 'ours';
  if (one.isFloor) return 'floor';
  return one.oursIsBetterBy !== null && one.oursIsBetterBy < 1 ? 'better' : 'other';
}

/** A line of a suite as a picture: the median of each, and from the least to the most. Colours come from the page it stands in. */
export async function plotOf({ name, unit, contenders }: LineResult): Promise<string> {
  const values = contenders.filter(({ samples }) => samples.length > 0).map((one) => ({ by: one.name, ...one.value, whose: whose(one) }));
  const better = moreIsBetter(unit) ? 'further right is better' : 'further left is better';
  const across = {
    type: 'quantitative',
    scale: { type: 'log', nice: false, padding: 12 },
    axis: { title: `${unit}: ${better}`, tickCount: 6 },
  } as const;
  const down = {
    field: 'by',
    type: 'nominal',
    sort: null,
    axis: { title: null, labelLimit: 250, minExtent: 250, maxExtent: 250 },
  } as const;
  const color = {
    field: 'whose',
    type: 'nominal',
    legend: null,
    scale: { domain: ['ours', 'better', 'other', 'floor'], range: ['var(--ours)', 'var(--better)', 'var(--other)', 'var(--floor)'] },
  } as const;
  const spec: TopLevelSpec = {
    description: name,
    width: 520,
    height: { step: 22 },
    data: { values },
    encoding: { y: down, color },
    layer: [
      { mark: { type: 'rule', strokeWidth: 3, opacity: 0.5 }, encoding: { x: { ...across, field: 'least' }, x2: { field: 'most' } } },
      { mark: { type: 'point', filled: true, size: 90, opacity: 1 }, encoding: { x: { ...across, field: 'median' } } },
    ],
    config: {
      background: 'transparent',
      font: 'system-ui, sans-serif',
      axis: {
        labelColor: 'var(--ink)',
        labelFontSize: 12,
        titleColor: 'var(--dim)',
        titleFontWeight: 'normal',
        gridColor: 'var(--line)',
        tickColor: 'var(--line)',
        domainColor: 'var(--line)',
      },
      view: { stroke: null },
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  // As wide as there is room.
  return svg.replace(/ width="(\d+)" height="\d+"/, (_, width: string) => ` style="width:100%;max-width:${width}px;height:auto"`);
}
