/** The first versions in which `require` gives ES modules: functions that travel by reference are loaded so. */
const FIRST: Readonly<Record<number, number>> = { 20: 19, 22: 12 };

/** Why a version of Node is too old for this library; null when it is not. */
export function whyTooOld(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || minor >= (FIRST[major] ?? Infinity)) return null;
  return `manycore needs Node.js 20.19, 22.12 or later: this is ${version} (${process.execPath})`;
}

/** Throws where nothing of this could work, before something fails that says less. */
export function refuseOldNode(): void {
  const why = whyTooOld(process.versions.node);
  if (why !== null) throw Object.assign(new Error(why), { code: 'ERR_NODE_VERSION' });
}

/** What runs this program, if it is not Node. */
export function otherRuntime(): string | null {
  const { bun, deno } = process.versions as { readonly bun?: string; readonly deno?: string };
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : null;
}
