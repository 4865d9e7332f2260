/*
 * squeue and sinfo print the fields that are asked for, each followed by a character that no name contains: names may contain spaces, bars,
 * even line ends. (Their JSON is no way: before version 23.02, `squeue --json` gives all jobs of all users, 5 kB each, whatever was asked.)
 */
const END = '\x1f';

/** What is given to `--Format`. */
export const formatOf = (fields: readonly string[]): string => fields.map((field) => `${field}:${END}`).join(',');

/** The rows of what was printed; each has as many fields as were asked for. */
export function rowsOf(text: string, fields: number): string[][] {
  const values = text.split(END);
  const rows: string[][] = [];
  for (let at = 0; at + fields <= values.length - 1; at += fields) {
    const row = values.slice(at, at + fields);
    row[0] = row[0]!.replace(/^\n+/, '');
    rows.push(row);
  }
  return rows;
}

/** Empty for Slurm's words for nothing. */
export const orEmpty = (value: string): string => (/^(\(null\)|N\/A|None|none|Unknown|NONE|n\/a)?$/.test(value) ? '' : value);
