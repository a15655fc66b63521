import type { InstanceFeatures, StudyLabel } from '@leadglass/sync-agent/contract'
import type { LinearHead } from '../training/head-graph.ts'
import { featuresBody, pseudonym } from './device.ts'

/** Patients of a site; with more instances than this some have several studies. */
const PATIENTS = 300

/** A repeatable source of standard normal numbers (Box and Muller, over Park and Miller). */
function normals(seed: number): () => number {
  let state = seed
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
}

/**
 * A site whose embeddings lie around the parent's own centre and whose labels follow other weights than the parent's.
 * `logits` are those of the weights that made the labels: the best that any model can do. The same each time.
 */
export function syntheticSite(parent: LinearHead, digest: string, instances: number) {
  const normal = normals(42)
  const truth = parent.weight.map((_, i) => (i < 10 ? (i % 2 === 0 ? 1.2 : -1.2) : 0))
  const features: InstanceFeatures[] = []
  const labels: StudyLabel[] = []
  const logits: number[] = []
  for (let i = 0; i < instances; i++) {
    const z = parent.weight.map(() => normal())
    const logit = z.reduce((sum, value, k) => sum + value * (truth[k] ?? 0), 0)
    logits.push(logit)
    const values = [...z].map((value, k) => (parent.mean[k] ?? 0) + value * (parent.scale[k] ?? 1))
    const body = featuresBody(i, values)
    const patient = pseudonym<InstanceFeatures['patient']>(`patient ${i % PATIENTS}`)
    features.push({ ...body, patient, model: { ...body.model, digest } })
    labels.push({
      kind: 'study-label',
      label: crypto.randomUUID(),
      study: body.study,
      patient,
      revision: 1,
      finding: 'pneumonia',
      value: normal() * 1.8 < logit ? 'present' : 'absent',
      reader: pseudonym('reader'),
      blind: true,
    })
  }
  return { features, labels, logits }
}
