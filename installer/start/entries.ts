import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..', '..')

/** Where each service process begins. */
export const ENTRIES = {
  hub: resolve(ROOT, 'cloud-hub', 'main.ts'),
  agent: resolve(ROOT, 'sync-agent', 'main.ts'),
  appliance: resolve(ROOT, 'appliance', 'main.ts'),
} as const

/** Code that processes may read; listed one by one, because the data folder may lie inside the repository. */
export const CODE_FOLDERS = {
  root: ROOT,
  shippedPackages: resolve(ROOT, 'models', 'packages'),
} as const
