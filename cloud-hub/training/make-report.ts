import type { ModelPackage } from '@leadglass/models'
import { digestOf } from '@leadglass/sync-agent/foundation'
import { DEFAULT_DECLARED_GATES, judgeGates } from './evaluation/index.ts'
import { judge } from './gates.ts'
import type { TrainingJob } from './job.ts'
import type { Parity } from './parity.ts'
import { type TrainingReport, trainingReport } from './report.ts'
import type { Trained } from './train.ts'

/** What the package declares of its later versions, or what holds for packages that declare nothing. */
export function declaredGatesOf({ gates }: Pick<ModelPackage, 'gates'>): NonNullable<ModelPackage['gates']> {
  return gates ?? DEFAULT_DECLARED_GATES
}

/** The report of a job: what was measured, held against the hub's own gates and those that the parent declares. */
export function reportOf(
  job: TrainingJob,
  parent: Pick<ModelPackage, 'gates'>,
  measured: Trained['measured'] & Pick<TrainingReport, 'sitesLeftOut'>,
  parity: Parity,
  headGraph: Uint8Array,
): TrainingReport {
  return trainingReport.parse({
    schema: 'leadglass.training-report/2',
    snapshot: job.snapshot.digest,
    parent: job.parent.digest,
    code: job.code,
    seed: job.seed,
    finding: job.finding,
    ...measured,
    parity,
    gatesDeclaredBy: parent.gates === null ? 'default' : 'package',
    gates: [
      ...judge({ cases: measured.cases, comparison: measured.comparison, parity }, job.gates),
      ...judgeGates(measured.evaluation, declaredGatesOf(parent).gates, job.finding),
    ],
    head: { sha256: digestOf(headGraph), bytes: headGraph.length },
  })
}
