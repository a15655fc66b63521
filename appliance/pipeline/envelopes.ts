import type { EnvelopeBody, PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import type { WaitingRevision } from '../records/index.ts'
import { figuresOf, type Outcome, reasonCode } from './outcomes.ts'
import type { PreparedInstance, StoppedInstance } from './prepared-instance.ts'

/** The bodies that leave about one revision: every instance once for each model that scored it, or once with a reason. */
export function bodiesOf(
  revision: Pick<WaitingRevision, 'number' | 'studyPseudonym' | 'patientPseudonym'>,
  prepared: readonly PreparedInstance[],
  stopped: readonly StoppedInstance[],
  outcomes: readonly Outcome[],
): EnvelopeBody[] {
  const study = revision.studyPseudonym as StudyPseudonym
  const patient = revision.patientPseudonym as PatientPseudonym
  const common = { study, patient, revision: revision.number }
  const byOrdinal = new Map(prepared.map((instance) => [instance.ordinal, instance]))
  const bodies: EnvelopeBody[] = outcomes.flatMap((outcome): EnvelopeBody[] => {
    const instance = byOrdinal.get(outcome.ordinal)
    if (instance === undefined) return []
    if (outcome.kind === 'not-scored') {
      return [{ kind: 'not-scored', ...common, instance: outcome.ordinal, reason: outcome.reason }]
    }
    return [
      {
        kind: 'instance-features',
        ...common,
        instance: outcome.ordinal,
        acquisition: instance.acquisition,
        model: outcome.model,
        embedding: littleEndianBase64(outcome.embedding),
        scores: outcome.scores.map(({ code, value, thresholdMilli, above }) => ({
          code,
          value,
          thresholdMilli,
          above,
        })),
        quality: { ...figuresOf(outcome) },
      },
    ]
  })
  for (const { ordinal, reason } of stopped) {
    bodies.push({ kind: 'not-scored', ...common, instance: ordinal, reason: reasonCode('quarantined', reason) })
  }
  return bodies
}

/** float32 values in little-endian byte order, base64. */
export function littleEndianBase64(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => {
    bytes.writeFloatLE(value, index * 4)
  })
  return bytes.toString('base64')
}
