import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ModelPackage, readPackage, wrapRadiograph } from '@leadglass/models'
import { digestOf, ManualClock, silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import sharp from 'sharp'
import { Deidentifier, deriveSiteKeys, EgressVerifier } from '../../deidentify/index.ts'
import type { AuditSink } from '../../egress/index.ts'
import { SpoolError } from '../../intake/index.ts'
import { DeidentifyingGate } from '../../pipeline/index.ts'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from '../../scoring/index.ts'
import { arrivalOf } from '../../testing/arrivals.ts'
import { temporaryRecords } from '../../testing/memory-records.ts'
import { ExplanationDesk } from '../desk.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..', '..')
const SHIPPED = join(PROGRAM_ROOT, 'models', 'packages', 'chest-radiograph', '1.0.0')

export const STUDY = 'a'.repeat(32)
export const PERSON = { kind: 'person', id: '1'.repeat(32) } as const

/** A chest radiograph with real pixels and a header made for it. */
export async function radiographOf(png: string, view: 'AP' | 'PA' = 'PA'): Promise<Uint8Array> {
  const plane = sharp(png).toColourspace('b-w').extractChannel(0)
  const { data, info } = await plane.raw().toBuffer({ resolveWithObject: true })
  const pixels = { rows: info.height, columns: info.width, bitsStored: 8, values: Uint8Array.from(data) }
  return wrapRadiograph(pixels, {
    studySeed: 'explained',
    seriesNumber: 1,
    instanceNumber: 1,
    patientId: 'EXPLAINED-1',
    patientName: 'EXPLAINED^ONE',
    patientBirthDate: '',
    patientSex: 'F',
    patientAgeYears: 60,
    view,
    spacing: [0.143, 0.143],
    studyDate: '20170101',
    studyTime: '080000',
    accessionNumber: '',
    studyDescription: 'CHEST',
    seriesDescription: 'PA',
    imageComments: '',
    institutionName: '',
    manufacturer: '',
    modelName: '',
    burnedInAnnotation: 'NO',
  })
}

/** Real workers, the shipped model, a real record and a real gate, with one study whose images were scored. */
export async function explainedStudy(): Promise<{
  readonly held: ReturnType<typeof temporaryRecords>
  readonly desk: ExplanationDesk
  readonly pool: ScoringPool
  readonly model: ModelPackage
  readonly events: { readonly event: string; readonly codes?: readonly string[] | undefined }[]
  /** The packages in use; may be changed. */
  active: ModelPackage[]
  /** Registers an object, and its score as the model gives it; the result's number. */
  add(bytes: Uint8Array, instance: number): Promise<number>
  /** What the spool gives under a digest. */
  readonly objects: Map<string, Uint8Array>
  dispose(): Promise<void>
}> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-explained-')))
  const folder = join(root, 'models', 'chest-radiograph', '1.0.0')
  await cp(SHIPPED, folder, { recursive: true })
  const workFolder = join(root, 'work')
  await mkdir(workFolder)
  const model = await readPackage(folder)
  const held = temporaryRecords()
  const { records } = held
  const clock = new ManualClock(1_700_000_000_000)
  const pool = new ScoringPool({
    workers: 1,
    codeRoots: workerCodeRoots(PROGRAM_ROOT),
    workFolder,
    modelsFolder: join(root, 'models'),
    clock: systemClock,
    logger: silentLogger,
    limits: defaultScoringLimits,
  })
  await pool.start()
  const events: { event: string; codes?: readonly string[] | undefined }[] = []
  const audit: AuditSink = { record: (event) => events.push(event), recordNow: (event) => events.push(event) }
  const objects = new Map<string, Uint8Array>()
  const gate = new DeidentifyingGate(
    new Deidentifier({ keys: deriveSiteKeys(new Uint8Array(32).fill(5)), profile: { patientIssuer: '' } }),
    new EgressVerifier(),
  )
  const read = async (digest: string): Promise<Uint8Array> => {
    const bytes = objects.get(digest)
    if (bytes === undefined) throw new SpoolError('spool-missing')
    return bytes
  }
  const using: { active: ModelPackage[] } = { active: [model] }
  const study = {
    desk: new ExplanationDesk({
      records,
      spool: { read },
      gate,
      workFolder,
      pool,
      activeModels: () => using.active,
      audit,
      clock,
    }),
    add: async (bytes: Uint8Array, instance: number): Promise<number> => {
      const digest = digestOf(bytes)
      objects.set(digest, bytes)
      records.transaction(() =>
        records.intake.register(
          arrivalOf(`1.2.${instance}`, {
            studyPseudonym: STUDY,
            modality: 'DX',
            digest,
            sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
            bytes: bytes.length,
            receivedAt: clock.now(),
          }),
        ),
      )
      const [revision] = records.studies.revisions(1)
      const revisionId = revision?.revisionId ?? 0
      const ordinal = records.revisions.instances(revisionId).find((one) => one.digest === digest)?.ordinal ?? -1
      const [output] = model.manifest.outputs
      const value = await scoreOf(bytes)
      const thresholdMilli = output?.operatingPoint.thresholdMilli ?? 0
      records.results.insertResult({
        revisionId,
        ordinal,
        model: model.model,
        outcome: 'scored',
        reason: null,
        embedding: null,
        quality: {},
        scores: [
          { code: 'pneumonia', title: 'Pneumonia', value, thresholdMilli, above: value >= thresholdMilli / 1000 },
        ],
      })
      return records.explanations.newestResult()
    },
  }
  async function scoreOf(bytes: Uint8Array): Promise<number> {
    const file = join(workFolder, 'scored.dcm')
    await writeFile(file, bytes)
    const job = { jobId: 'score', packageFolder: folder, model: model.model, files: [file], timeoutMs: 30_000 }
    const outcome = await pool.score(job)
    const [one] = outcome.kind === 'completed' ? outcome.instances : []
    if (one?.kind !== 'scored') throw new Error('the radiograph was not scored')
    return one.scores[0]?.value ?? Number.NaN
  }
  return Object.assign(using, study, {
    held,
    pool,
    model,
    events,
    objects,
    dispose: async () => {
      await pool.stop()
      held.dispose()
      await rm(root, { recursive: true, force: true })
    },
  })
}
