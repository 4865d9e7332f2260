/** An error in a line: a timeline has no room for its stack. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message.split('\n', 1)[0]}`;
}
