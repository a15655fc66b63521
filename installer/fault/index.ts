import type { Harness } from '../harness/run-harness.ts'
import { loopFault } from './loop.ts'

/** Every fault run, by name. */
export const FAULT_RUNS: readonly Harness[] = [loopFault]
