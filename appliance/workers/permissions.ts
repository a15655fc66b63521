/** What a worker may reach. */
export interface WorkerReach {
  /** Code and data, absolute. */
  readonly readable: readonly string[]
  /** Folders that it may write in; none for most. */
  readonly writable?: readonly string[]
  /** Size of the JavaScript heap in MiB; native memory is watched from outside. */
  readonly heapMiB: number
}

/**
 * Share of the heap that fills before the collector looks at old objects. Much passes through beside the heap; without
 * this floor that alone starts a full collection every few images, which costs a quarter of the work.
 */
const INITIAL_SHARE = 0.5

/**
 * Node's arguments for a worker: the permission model on, reading (and writing) only what is named, native add-ons (the
 * model runtime) allowed; no child processes, no threads, no inspector, no code from strings.
 */
export function workerArguments(reach: WorkerReach, entry: string): readonly string[] {
  return [
    '--permission',
    '--allow-addons',
    ...reach.readable.map((path) => `--allow-fs-read=${path}`),
    ...(reach.writable ?? []).map((path) => `--allow-fs-write=${path}`),
    `--max-old-space-size=${reach.heapMiB}`,
    `--initial-old-space-size=${Math.ceil(reach.heapMiB * INITIAL_SHARE)}`,
    '--disallow-code-generation-from-strings',
    '--no-warnings',
    entry,
  ]
}
