/* A variable that is exported, and assigned later. */
export let handler: (() => string) | null = null;
export const makeHandler = (name: string): (() => string) => {
  const made = (): string => name;
  return made;
};
export function setHandler(made: () => string): void {
  handler = made;
}
