import { fuzzFault } from '../fuzz/fuzz.ts'
import { fuzzSyncFault } from '../fuzz/fuzz-sync.ts'
import type { Harness } from '../harness/run-harness.ts'
import { loopFault } from './loop.ts'
import { receiveFault } from './receive/index.ts'
import { syncFault } from './sync/index.ts'
import { updatesFault } from './updates/index.ts'

/** Every fault run, by name. */
export const FAULT_RUNS: readonly Harness[] = [
  loopFault,
  receiveFault,
  syncFault,
  updatesFault,
  fuzzFault,
  fuzzSyncFault,
]
