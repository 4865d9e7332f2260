/** What V8 has made of the texts that every thread begins with, where they are loaded by `core.cjs`: in memory that a new worker is given. */
export interface CompiledTexts {
  readonly memory: SharedArrayBuffer;
  /** Writes there what is not there yet. */
  write(): void;
}

export const compiledTexts: { current: CompiledTexts | null } = { current: null };
