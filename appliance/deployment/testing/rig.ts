import { mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ModelManifest, modelManifest, wrapRadiograph } from '@leadglass/models'
import { AuditLog, decodeEvent, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, type JsonValue, silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { ModelLibrary } from '../../activation/index.ts'
import { composeDeployment, type DeploymentRoom } from '../../compose-deployment.ts'
import { Deidentifier, deriveSiteKeys, EgressVerifier } from '../../deidentify/index.ts'
import { AuditTrail, EgressDoor } from '../../egress/index.ts'
import { parsePart10, uid } from '../../imaging/index.ts'
import { DeidentifyingGate, type FetchedPriors, processRevision } from '../../pipeline/index.ts'
import type { ModelRow, WaitingRevision } from '../../records/index.ts'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from '../../scoring/index.ts'
import { writeTinyPackage } from '../../scoring/testing/tiny-package.ts'
import { settingsSchema } from '../../settings.ts'
import { temporaryRecords } from '../../testing/memory-records.ts'
import { differenceBackbone } from './two-inputs.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..', '..')
const ORIGIN = 'leadglass/test-box/audit'

/** One image of a study that nobody had. */
export interface ImageRequest {
  readonly study: string
  readonly instance?: number
  readonly series?: number
  readonly description?: string
  readonly patient?: string
  readonly studyDate?: string
}

/** A chest radiograph of 32 x 32; brighter to the right. */
export function radiograph(request: ImageRequest): Uint8Array {
  const values = Uint8Array.from({ length: 1024 }, (_, at) => ((at % 32) * 7 + (request.instance ?? 1)) % 256)
  return wrapRadiograph(
    { rows: 32, columns: 32, bitsStored: 8, values },
    {
      studySeed: request.study,
      seriesNumber: request.series ?? 1,
      instanceNumber: request.instance ?? 1,
      patientId: request.patient ?? 'TRIAL-1',
      patientName: 'TRIAL^ONE',
      patientBirthDate: '19600101',
      patientSex: 'F',
      patientAgeYears: 66,
      view: 'PA',
      spacing: [1, 1],
      studyDate: request.studyDate ?? '20260105',
      studyTime: '080000',
      accessionNumber: 'A1',
      studyDescription: 'CHEST',
      seriesDescription: request.description ?? 'PA',
      imageComments: '',
      institutionName: 'TEST',
      manufacturer: 'TEST',
      modelName: 'TEST',
      burnedInAnnotation: 'NO',
    },
  )
}

/** Real workers, packages with real small graphs, a real record, gate and door: everything but the network. */
export class TrialRig {
  readonly held = temporaryRecords()
  readonly objects = new Map<string, Uint8Array>()
  priors: FetchedPriors = { priorsOf: () => [], read: async () => Promise.reject(new Error('none')) }
  room!: DeploymentRoom
  library!: ModelLibrary
  #root = ''
  #isUp = false
  #pool!: ScoringPool
  #log!: AuditLog
  #audit!: AuditTrail
  #door!: EgressDoor
  readonly #keys = deriveSiteKeys(new Uint8Array(32).fill(5))
  readonly #gate = new DeidentifyingGate(
    new Deidentifier({ keys: this.#keys, profile: { patientIssuer: '' } }),
    new EgressVerifier(),
  )

  get records(): ReturnType<typeof temporaryRecords>['records'] {
    return this.held.records
  }

  async start(): Promise<void> {
    this.#root = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-trial-')))
    await mkdir(join(this.#root, 'models'))
    await mkdir(join(this.#root, 'work'))
    const { records } = this
    const clock = systemClock
    this.#door = new EgressDoor({ records, device: 'test-box' as DeviceId, clock })
    this.#log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(records.database, ORIGIN), clock })
    this.#audit = new AuditTrail(this.#log, this.#door, records)
    await this.restart()
  }

  /** Makes everything anew over the same record and folders, as after a start of the process. */
  async restart(): Promise<void> {
    if (this.#isUp) {
      await this.room.shadow.stop()
      await this.#pool.stop()
    }
    this.#isUp = true
    const { records } = this
    const clock = systemClock
    const modelsFolder = join(this.#root, 'models')
    const common = { records, audit: this.#audit, clock, logger: silentLogger }
    const poolOptions = {
      workers: 1,
      codeRoots: workerCodeRoots(PROGRAM_ROOT),
      workFolder: join(this.#root, 'work'),
      modelsFolder,
      clock,
      logger: silentLogger,
      limits: defaultScoringLimits,
    }
    this.#pool = new ScoringPool(poolOptions)
    await this.#pool.start()
    this.library = new ModelLibrary({ ...common, modelsFolder, onChange: () => undefined })
    await this.library.start()
    this.room = composeDeployment({
      ...common,
      library: this.library,
      poolOptions,
      live: this.#pool,
      siteSecret: new Uint8Array(32).fill(6),
      keys: this.#keys,
      gate: this.#gate,
      spool: { open: async (digest) => this.#open(digest) },
      corrections: { overlayOf: () => undefined },
      priors: () => this.priors,
      mayWork: () => true,
      door: this.#door,
    })
    await this.room.inForce.start()
    await this.room.shadow.start()
  }

  async dispose(): Promise<void> {
    await this.room.shadow.stop()
    await this.#pool.stop()
    this.held.dispose()
    await rm(this.#root, { recursive: true, force: true })
  }

  /** Puts a version into the models folder, as verified here unless said otherwise. */
  async addVersion(
    version: string,
    head: Parameters<typeof writeTinyPackage>[1]['head'],
    change: (manifest: ModelManifest) => Partial<ModelManifest> = () => ({}),
    isApproved = true,
  ): Promise<ModelRow> {
    const name = `v${version.replaceAll('.', '-')}`
    const made = await writeTinyPackage(join(this.#root, 'made'), { name, head })
    const manifest = { ...made.manifest, name: 'tiny', version, ...change(made.manifest) }
    if (manifest.priors !== undefined) {
      const bytes = differenceBackbone()
      await writeFile(join(made.folder, 'backbone.onnx'), bytes)
      manifest.files = manifest.files.map((file) =>
        file.path === 'backbone.onnx' ? { ...file, sha256: digestOf(bytes), bytes: bytes.length } : file,
      )
    }
    const card = JSON.parse(await readFile(join(made.folder, 'card.json'), 'utf8')) as Record<string, unknown>
    const cardBytes = Buffer.from(JSON.stringify({ ...card, name: 'tiny', version }))
    await writeFile(join(made.folder, 'card.json'), cardBytes)
    manifest.files = manifest.files.map((file) =>
      file.path === 'card.json' ? { ...file, sha256: digestOf(cardBytes), bytes: cardBytes.length } : file,
    )
    const bytes = Buffer.from(canonicalJson(modelManifest.parse(manifest) as JsonValue))
    await writeFile(join(made.folder, 'manifest.json'), bytes)
    const digest = digestOf(bytes)
    await rename(made.folder, join(this.#root, 'models', digest))
    const row: ModelRow = {
      digest,
      name: 'tiny',
      version,
      releaseCounter: 1,
      state: 'staged',
      message: null,
      approvals: '[]',
      statement: '{}',
      changedAt: 0,
    }
    this.records.transaction(() => {
      this.records.models.put(row)
      if (isApproved) this.records.deployments.admit(digest, 0)
    })
    return row
  }

  /** Puts a version to use. */
  async activate(row: ModelRow): Promise<void> {
    const read = await this.library.read(row.digest)
    if (read.kind === 'unusable') throw new Error(read.message)
    this.library.activate(row, read.package, 'model.activated', null)
  }

  /** Takes images of one study in, closes its revision and works through it. */
  async study(...images: readonly ImageRequest[]): Promise<WaitingRevision> {
    const { records } = this
    let revisionId = 0
    for (const image of images) {
      const bytes = radiograph(image)
      const { dataSet, meta } = parsePart10(bytes)
      const digest = digestOf(bytes)
      this.objects.set(digest, bytes)
      const pseudonym = digestOf(image.study).slice(0, 32)
      const registered = records.transaction(() =>
        records.intake.register({
          sopInstanceUid: uid(dataSet, 0x00080018) ?? '',
          digest,
          sopClassUid: uid(dataSet, 0x00080016) ?? '',
          transferSyntaxUid: meta.transferSyntaxUid,
          bytes: bytes.length,
          callingAeTitle: 'DX1',
          remoteAddress: '127.0.0.1',
          associationId: 'x',
          receivedAt: Date.now(),
          header: {
            kind: 'read',
            study: {
              studyInstanceUid: uid(dataSet, 0x0020000d) ?? '',
              studyPseudonym: pseudonym,
              patientPseudonym: pseudonym,
              patientId: image.patient ?? 'TRIAL-1',
              patientName: 'TRIAL^ONE',
              patientBirthDate: '19600101',
              patientSex: 'F',
              accessionNumber: 'A1',
              studyDate: '20260105',
              studyTime: '080000',
              studyDescription: 'CHEST',
            },
            seriesInstanceUid: uid(dataSet, 0x0020000e) ?? '',
            modality: 'DX',
            urgent: false,
          },
        }),
      )
      if (registered.kind !== 'added') throw new Error(`the image was not taken: ${registered.kind}`)
      revisionId = registered.revisionId
    }
    const revision = records.transaction(() => {
      records.revisions.complete(revisionId, 'quiet-timer', Date.now())
      return records.revisions.claim(revisionId, Date.now())
    })
    if (revision === undefined) throw new Error('the revision cannot be claimed')
    const settings = settingsSchema.parse({
      destinations: [{ name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: 104 }],
    })
    await processRevision(revision, {
      records,
      pool: this.#pool,
      models: this.room.inForce,
      priorImages: this.room.priorImages,
      pixels: async () => undefined,
      spool: { open: async (digest) => this.#open(digest) },
      gate: this.#gate,
      door: this.#door,
      audit: this.#audit,
      settings: () => settings,
      device: { name: 'test-box', softwareVersion: '0.1.0' },
      workFolder: join(this.#root, 'work'),
      clock: systemClock,
      logger: silentLogger,
    })
    return revision
  }

  /** Version and outcome of every result of a revision, with its reason. */
  results({ revisionId }: Pick<WaitingRevision, 'revisionId'>): string[] {
    return this.records.studies
      .results(revisionId)
      .map(
        ({ modelVersion, outcome, reason }) =>
          `${modelVersion ?? '-'} ${outcome}${reason === null ? '' : ` ${reason}`}`,
      )
  }

  /** Every body that was sealed. */
  bodies(): readonly { readonly kind: string; readonly [member: string]: unknown }[] {
    const rows = this.records.database
      .prepare('SELECT content FROM envelope ORDER BY epoch, stream, sequence')
      .all() as { content: string }[]
    return rows.map(({ content }) => (JSON.parse(content) as { body: { kind: string } }).body)
  }

  /** Where acts are recorded. */
  get audit(): AuditTrail {
    return this.#audit
  }

  /** Events of the audit log whose word begins so, with outcome and codes; about versions on trial unless told. */
  events(beginning = 'deployment.'): string[] {
    return [...this.#log.leaves()]
      .map((leaf) => decodeEvent(leaf))
      .filter((event) => event?.event.startsWith(beginning) === true)
      .map((event) => `${event?.event} ${event?.outcome} ${event?.codes.join(' ')}`)
  }

  async #open(digest: string): Promise<Awaited<ReturnType<Parameters<typeof composeDeployment>[0]['spool']['open']>>> {
    const bytes = this.objects.get(digest)
    if (bytes === undefined) throw new Error('no such object')
    return {
      size: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => undefined,
    }
  }
}
