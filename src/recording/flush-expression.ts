/** The name under which each recorded thread keeps what writes its recording down and ends it. */
export const FLUSH = 'manycore.recording.flush';

/** What a thread is asked to do when it is about to be ended from outside. */
export const FLUSH_EXPRESSION = `globalThis[Symbol.for('${FLUSH}')]?.()`;

/** How long threads that are about to be ended may take to write down what was recorded. */
export const PATIENCE_MS = 3000;
