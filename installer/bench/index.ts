import type { Harness } from '../harness/run-harness.ts'
import { deidBench } from './deid.ts'
import { receiveBench } from './receive/receive.ts'
import { scoringBench } from './scoring/scoring.ts'
import { trainBench } from './train.ts'

/** Every bench, by name. */
export const BENCHES: readonly Harness[] = [deidBench, receiveBench, scoringBench, trainBench]
