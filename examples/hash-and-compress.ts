// Hashes and compresses every file of a folder, and prints the ten that shrink most.
//   npx manycore run examples/hash-and-compress.ts [folder]
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';
import { ThreadPoolExecutor } from 'manycore/futures';
import { filesBelow } from './files.ts';
import { compare } from './speed-up.ts';

const files = filesBelow(process.argv[2] ?? 'src', '');

interface Packed {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly packed: number;
}

function pack(file: string): Packed | null {
  try {
    const content = readFileSync(file);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const packed = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).length;
    return { file, sha256, bytes: content.length, packed };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return null;
    throw error;
  }
}

const pool = new ThreadPoolExecutor();
await pool.map(pack, files.slice(0, 4), { chunkSize: 1 }).toArray(); // The threads start.
const all = await compare(
  `${files.length} files`,
  () => files.map(pack),
  () => pool.map(pack, files).toArray(),
);
const packed = all.filter((one) => one !== null);
packed.sort((a, b) => b.bytes - b.packed - (a.bytes - a.packed));
for (const { file, sha256, bytes, packed: size } of packed.slice(0, 10)) console.log(`${sha256.slice(0, 12)} ${bytes} -> ${size} ${file}`);
await pool.shutdown();
