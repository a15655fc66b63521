import { createHash, randomUUID } from 'node:crypto'
import { type EnvelopeBody, envelopeBody } from '@leadglass/sync-agent/contract'

const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }

const pseudonym = (word: string): string => createHash('sha256').update(word).digest('hex').slice(0, 32)

/**
 * A body of each kind that is no audit leaf, in turn. No two are alike whatever the run: an effect that took place twice is
 * seen by its content alone.
 * @param run a word of this run of the process.
 * @param i counts from 0.
 */
export function bodyOf(run: string, i: number): EnvelopeBody {
  const study = { study: pseudonym(`study ${run} ${i}`), patient: pseudonym(`patient ${run} ${i}`) }
  const unique = Number.parseInt(pseudonym(`${run} ${i}`).slice(0, 7), 16)
  const bodies: readonly unknown[] = [
    { kind: 'study-label', label: randomUUID(), ...study, revision: 1, ...READING },
    {
      kind: 'drift-counts',
      model: MODEL,
      feature: 'score.pneumonia',
      month: '2019-07',
      cells: [{ bin: 0, count: 11 + unique }],
    },
    { kind: 'instance-features', ...study, revision: 1, instance: 0, ...featuresOf(unique) },
    { kind: 'not-scored', ...study, revision: 1, instance: 0, reason: 'modality' },
    { kind: 'study-revision', ...study, revision: 2, causes: ['late-instance'], sameInstances: [1] },
    {
      kind: 'deployment-statistics',
      model: MODEL,
      champion: { model: MODEL },
      role: 'shadow',
      month: '2019-07',
      cells: [{ measure: 'pair', code: 'pneumonia', bin: 0, count: 11 + unique }],
    },
    { kind: 'device-health', softwareVersion: '1.0.0', models: [], figures: { 'disk.free': unique } },
  ]
  return envelopeBody.parse(bodies[i % bodies.length])
}

const READING = { finding: 'pneumonia', value: 'present', reader: pseudonym('reader'), blind: true }

/** 256 float32 values: about as large as what a model gives. */
function featuresOf(unique: number): object {
  const values = Float32Array.from({ length: 256 }, (_, i) => Math.sin(unique + i))
  return {
    acquisition: { modality: 'DX', view: 'PA', sex: 'F', ageDecade: 5, month: '2019-07' },
    model: MODEL,
    embedding: Buffer.from(values.buffer).toString('base64'),
    scores: [{ code: 'pneumonia', value: 0.25, thresholdMilli: 500, above: false }],
    quality: { 'quality.mean': 0.5 },
  }
}
