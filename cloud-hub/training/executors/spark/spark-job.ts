import { readPackage, readPackageFile } from '@leadglass/models'
import { digestOf, sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { DATA_FOLDER, openSnapshot, SNAPSHOT_MANIFEST } from '../../../lake/index.ts'
import { patientKey, SCALE_STRENGTH } from '../../cases.ts'
import { FOLDS, REPEATS, STRENGTHS } from '../../choose-strength.ts'
import { readHead } from '../../head-graph.ts'
import { headWiring } from '../../head-wiring.ts'
import type { TrainingJob } from '../../job.ts'
import { declaredGatesOf } from '../../make-report.ts'
import { GRADIENT_TOLERANCE, MAX_ITERATIONS } from '../../math/logistic.ts'
import { heldOutPatients } from '../../partition.ts'
import { HELD_OUT_SHARE } from '../../train.ts'
import { ExecutorError } from '../errors.ts'

/** Name of what the script is told, in the run's folder. */
export const SPARK_JOB = 'spark-job.json'

const floats = z.array(z.number()).min(1).max(8192)

/**
 * What `fit_head.py` is told: the dataset, the parent's head as numbers, and every constant of the local trainer, so that
 * both follow one source. Carries no patient, no path outside the job, and nothing that was measured.
 */
export const sparkJob = z.strictObject({
  schema: z.literal('leadglass.spark-job/1'),
  run: z.uuid(),
  finding: z.string(),
  code: sha256Hex,
  seed: z.string(),
  /** `folder` is absolute, or relative to the place of this file. */
  snapshot: z.strictObject({ folder: z.string(), digest: sha256Hex, manifest: z.string(), data: z.string() }),
  parent: z.strictObject({ digest: sha256Hex, mean: floats, scale: floats, weight: floats, bias: z.number() }),
  /** SHA-256 of the held-out patients, in order, a line each: the script fits nothing when it would hold out others. */
  heldOut: sha256Hex,
  /** Operating points that the parent declares by a rule: the script chooses their thresholds on the training part. */
  points: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['sensitivity-at-least', 'specificity-at-least']),
      share: z.number().min(0).max(1),
    }),
  ),
  constants: z.strictObject({
    heldOutShare: z.number(),
    folds: z.number().int(),
    repeats: z.number().int(),
    strengths: z.array(z.number()),
    scaleStrength: z.number(),
    gradientTolerance: z.number(),
    maxIterations: z.number().int(),
  }),
})
export type SparkJob = z.infer<typeof sparkJob>

/**
 * Makes the script's order from a job.
 * @param snapshotFolder where the script finds the snapshot.
 * @throws {ExecutorError} `executor-refused` for a job of another trainer: Spark fits heads around their parent's.
 * @throws {TrainingError} when the parent has no linear head for the finding.
 */
export async function sparkJobOf(job: TrainingJob, snapshotFolder: string): Promise<SparkJob> {
  if ((job.trainer?.trainer ?? 'parent-head') !== 'parent-head') {
    throw new ExecutorError('executor-refused', 'this executor fits linear heads around their parent’s, and no other')
  }
  const parent = await readPackage(job.parent.folder)
  if (parent.digest !== job.parent.digest) throw new ExecutorError('executor-refused', 'the parent has another digest')
  const wiring = headWiring(parent.manifest, job.finding)
  const head = readHead(await readPackageFile(parent, wiring.file))
  const { rows } = await openSnapshot(job.snapshot.folder, job.snapshot.digest)
  const cases = rows.map((row) => ({ patient: patientKey(row), site: row.site, label: row.label }))
  const heldOut = heldOutPatients(cases, HELD_OUT_SHARE, `${job.snapshot.digest}/${job.seed}`)
  return sparkJob.parse({
    schema: 'leadglass.spark-job/1',
    run: job.run,
    finding: job.finding,
    code: job.code,
    seed: job.seed,
    snapshot: {
      folder: snapshotFolder,
      digest: job.snapshot.digest,
      manifest: SNAPSHOT_MANIFEST,
      data: DATA_FOLDER,
    },
    parent: {
      digest: job.parent.digest,
      mean: [...head.mean],
      scale: [...head.scale],
      weight: [...head.weight],
      bias: head.bias,
    },
    heldOut: digestOf([...heldOut].sort().join('\n')),
    points: declaredGatesOf(parent).operatingPoints.flatMap(({ name, rule }) =>
      rule.kind === 'threshold' ? [] : [{ name, kind: rule.kind, share: rule.share }],
    ),
    constants: {
      heldOutShare: HELD_OUT_SHARE,
      folds: FOLDS,
      repeats: REPEATS,
      strengths: STRENGTHS,
      scaleStrength: SCALE_STRENGTH,
      gradientTolerance: GRADIENT_TOLERANCE,
      maxIterations: MAX_ITERATIONS,
    },
  })
}
