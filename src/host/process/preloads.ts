/**
 * Modules that children will need, as URLs: those that wait, spares and the fork server, load them before they are asked.
 */
export const preloads: Set<string> = new Set();
