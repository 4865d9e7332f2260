/** The lines of a stream, in pages: those that have come at once. What stands behind the last end of line is a line too, unless it is empty. */
export async function* linesOf(stream: AsyncIterable<Buffer>, end: '\n' | '\0' = '\n'): AsyncGenerator<string[], void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of stream) {
    const lines = decoder.decode(bytes, { stream: true }).split(end);
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!;
    if (lines.length > 0) yield end === '\n' ? lines.map(withoutReturn) : lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield [end === '\n' ? withoutReturn(rest) : rest];
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
