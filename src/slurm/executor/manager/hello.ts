/** What a node manager says of itself before anything else. */
export interface Hello {
  /** Of the package. */
  readonly version: string;
  /** Of Node. */
  readonly node: string;
  readonly endianness: string;
  /** The machine's name. */
  readonly host: string;
  readonly pid: number;
  /** Which allocation it belongs to, by the driver's count, and which of its nodes it is. */
  readonly allocation: number;
  readonly rank: number;
  /** The job, where there is one. */
  readonly job: string | null;
  readonly cpus: number;
  /** How many of its results the driver has confirmed. */
  readonly confirmed: number;
  /** How often it has connected before. */
  readonly reconnects: number;
}

/** What it is told then. */
export interface Welcome {
  readonly workerType: 'threads' | 'processes';
  /** How many workers there may be; `null`: as many as the node has cores for this job. */
  readonly workers: number | null;
  readonly maxTasksPerWorker: number | null;
  /** A message: the initializer and its arguments. */
  readonly initializer: Uint8Array | null;
}
