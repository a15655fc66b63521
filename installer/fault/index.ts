import { fuzzFault } from '../fuzz/fuzz.ts'
import type { Harness } from '../harness/run-harness.ts'
import { loopFault } from './loop.ts'
import { receiveFault } from './receive/index.ts'

/** Every fault run, by name. */
export const FAULT_RUNS: readonly Harness[] = [loopFault, receiveFault, fuzzFault]
