/** How many processes wait for the next start; 0: none. */
export const sparesWanted = Number(process.env['MANYCORE_SPARE_PROCESSES'] ?? 1);
