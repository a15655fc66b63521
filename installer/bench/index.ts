import type { Harness } from '../harness/run-harness.ts'
import { auditBench } from './audit.ts'
import { deidBench } from './deid.ts'
import { driftBench } from './drift/drift.ts'
import { drainBench } from './ingest/drain.ts'
import { ingestBench } from './ingest/ingest.ts'
import { lakeBench } from './lake.ts'
import { receiveBench } from './receive/receive.ts'
import { scoringBench } from './scoring/scoring.ts'
import { trainBench } from './train.ts'

/** Every bench, by name. */
export const BENCHES: readonly Harness[] = [
  auditBench,
  deidBench,
  drainBench,
  driftBench,
  ingestBench,
  lakeBench,
  receiveBench,
  scoringBench,
  trainBench,
]
