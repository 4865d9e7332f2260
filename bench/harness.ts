/** Milliseconds of CPU that all threads of this process have used. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
