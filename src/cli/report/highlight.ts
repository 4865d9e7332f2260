import { classHighlighter, highlightCode } from '@lezer/highlight';
import { parser } from '@lezer/javascript';

const typescript = parser.configure({ dialect: 'ts' });

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** TypeScript as HTML: each word in a `span` whose class says what it is. */
export function highlightTypeScript(source: string): string {
  let html = '';
  highlightCode(
    source,
    typescript.parse(source),
    classHighlighter,
    (text, classes) => void (html += classes === '' ? escapeHtml(text) : `<span class="${classes}">${escapeHtml(text)}</span>`),
    () => void (html += '\n'),
  );
  return html;
}
