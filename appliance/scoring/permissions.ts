import { join } from 'node:path'

/** Parts of the program that a pixel worker loads. Never the root itself: the data folder may lie in it. */
const CODE = ['node_modules', 'appliance/imaging', 'appliance/scoring', 'appliance/package.json', 'package.json']
const SHARED_CODE = ['sync-agent', 'models']

/** The files and folders of an installation that a worker must be able to read. */
export function workerCodeRoots(programRoot: string): readonly string[] {
  return [...CODE, ...SHARED_CODE].map((part) => join(programRoot, part))
}

/** What a worker may reach. */
export interface WorkerReach {
  /** Code, work folder and models folder; absolute. */
  readonly readable: readonly string[]
  /** Size of the JavaScript heap in MiB; native memory is watched from outside. */
  readonly heapMiB: number
}

/**
 * Node's arguments for a worker: the permission model on, reading only what is named, native add-ons (the model runtime)
 * allowed; no writing, no child processes, no threads, no inspector, no code from strings.
 */
export function workerArguments(reach: WorkerReach, entry: string): readonly string[] {
  return [
    '--permission',
    '--allow-addons',
    ...reach.readable.map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${reach.heapMiB}`,
    '--disallow-code-generation-from-strings',
    '--no-warnings',
    entry,
  ]
}
