/* All that this module exports stays what it is; what the object holds does not. */
export const handlers: { first: (() => string) | null } = { first: null };
export const makeHandler = (name: string): (() => string) => {
  const handler = (): string => name;
  return handler;
};
