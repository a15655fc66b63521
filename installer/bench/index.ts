import type { Harness } from '../harness/run-harness.ts'
import { auditBench } from './audit.ts'
import { deidBench } from './deid.ts'
import { drainBench } from './ingest/drain.ts'
import { ingestBench } from './ingest/ingest.ts'
import { receiveBench } from './receive/receive.ts'
import { scoringBench } from './scoring/scoring.ts'
import { trainBench } from './train.ts'

/** Every bench, by name. */
export const BENCHES: readonly Harness[] = [
  auditBench,
  deidBench,
  drainBench,
  ingestBench,
  receiveBench,
  scoringBench,
  trainBench,
]
