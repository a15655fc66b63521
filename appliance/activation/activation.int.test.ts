import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditLog, decodeEvent, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, type JsonValue, ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { preAuthEncoding, STATEMENT_TYPE, siteApprovalOf, verifyKit } from '@leadglass/sync-agent/updates'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'
import { AuditTrail, EgressDoor } from '../egress/index.ts'
import type { GoldenOutcome } from '../scoring/index.ts'
import { activationSettings } from '../settings-activation.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { approvedRepository, packageForRelease, SHIPPED_PACKAGE } from '../testing/update-kit.ts'
import { copyPackage } from './copy-package.ts'
import {
  Activator,
  DatabaseHighWaterMarks,
  DatabaseRecallBook,
  ModelLibrary,
  type ShadowPort,
  SiteApprovals,
  UpdateWatcher,
} from './index.ts'

const ORIGIN = 'leadglass/test-box/audit'
/** These versions come into use without the shadow, which has tests of its own. */
const NO_SHADOW: ShadowPort = { begin: async () => undefined, verdict: () => ({ kind: 'none' }), end: () => undefined }
const PASSED: GoldenOutcome = { kind: 'passed', cases: 4, maximumDeviation: 0 }

/** The shipped package under another version. */
async function laterPackage(folder: string, version: string, releaseCounter: number): Promise<string> {
  const copy = join(folder, version)
  await cp(SHIPPED_PACKAGE, copy, { recursive: true })
  const path = join(copy, 'manifest.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, JsonValue>
  await writeFile(path, canonicalJson({ ...manifest, version, releaseCounter }))
  return copy
}

describe('activation', () => {
  let folder: string
  let held: ReturnType<typeof temporaryRecords>
  let repository: FakeRepository
  let golden: GoldenOutcome
  let goldenRuns: number
  let goldenMs: number
  let clock: ManualClock
  let sitePolicy: ConstructorParameters<typeof SiteApprovals>[0]['policy']

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-activation-'))
    held = temporaryRecords()
    clock = new ManualClock(Date.now())
    golden = PASSED
    sitePolicy = {}
    goldenRuns = 0
    goldenMs = 0
    repository = await approvedRepository(SHIPPED_PACKAGE)
  })
  afterEach(async () => {
    held.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  const kitFolder = (): string => join(folder, 'kit')
  const modelsFolder = (): string => join(folder, 'models')

  /** A box as after a start: library and watcher made anew over the same record and folders. */
  async function box(): Promise<{
    library: ModelLibrary
    watcher: UpdateWatcher
    activator: Activator
    log: AuditLog
  }> {
    const { records } = held
    const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(records.database, ORIGIN), clock })
    const audit = new AuditTrail(log, new EgressDoor({ records, device: 'test-box' as DeviceId, clock }), records)
    const common = { records, modelsFolder: modelsFolder(), audit, clock, logger: silentLogger }
    const library = new ModelLibrary({ ...common, onChange: () => undefined })
    const activator = new Activator({
      ...common,
      library,
      pool: {
        runGoldenCases: async () => {
          goldenRuns += 1
          await new Promise((resolve) => setTimeout(resolve, goldenMs))
          return golden
        },
      },
      shadow: NO_SHADOW,
      settings: () => activationSettings.parse({ shadowStudies: 0 }),
    })
    await library.start()
    const watcher = new UpdateWatcher({
      ...common,
      library,
      kitFolder: kitFolder(),
      stateFolder: join(folder, 'state'),
      initialRoot: repository.initialRoot,
      policy: repository.policy,
      marks: new DatabaseHighWaterMarks(records),
      recallBook: new DatabaseRecallBook({ ...common, onChange: () => undefined }),
      siteApprovals: new SiteApprovals({ folder: join(folder, 'site-approvals'), policy: sitePolicy }),
      activator,
    })
    return { library, watcher, activator, log }
  }

  const events = (log: AuditLog): (string | undefined)[] => [...log.leaves()].map((leaf) => decodeEvent(leaf)?.event)
  const states = (): string[] => held.records.models.all().map((row) => `${row.version} ${row.state}`)

  it('puts an approved model to use, once', async () => {
    await repository.writeTo(kitFolder())
    const { library, watcher, log } = await box()
    await watcher.look()
    await watcher.look()
    expect(library.active().map((one) => one.model.version)).toEqual(['1.0.0'])
    expect(events(log)).toEqual(['model.staged', 'model.activated'])
    const again = await box()
    await again.watcher.look()
    expect(again.library.active()).toHaveLength(1)
    expect(goldenRuns).toBe(1)
  })

  it('goes one step at a time when golden cases take longer than the clock ticks, and stays in use', async () => {
    await repository.writeTo(kitFolder())
    const { library, watcher, activator } = await box()
    goldenMs = 300
    const looked = watcher.look()
    while (goldenRuns === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await Promise.all([looked, activator.tick(), activator.tick()])
    expect(goldenRuns).toBe(1)
    expect(states()).toEqual(['1.0.0 active'])
    expect(library.active()).toHaveLength(1)
  })

  it('waits for the hospital’s own approval where the policy asks for it, refuses another’s, and goes on without a hub', async () => {
    const site = generateKeyPairSync('ed25519')
    const publicKey = Buffer.from(site.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')
    const signer = { person: 'site.physicist', printedName: 'Site Physicist' }
    sitePolicy = { siteApproval: { keys: [{ ...signer, publicKey }] } }
    await repository.writeTo(kitFolder())
    const { library, watcher, log } = await box()
    await watcher.look()
    await watcher.look()
    expect(library.active()).toEqual([])
    const [row] = held.records.models.all()
    expect(row?.message).toContain('waits for the hospital’s own approval')
    // The person who decides reads what the version says of itself, out of the verified manifest.
    expect(library.offered(row?.digest ?? '')?.manifest).toMatchObject({ version: '1.0.0' })
    expect(library.offered('f'.repeat(64))).toBeUndefined()
    const approve = async (key: KeyObject): Promise<void> => {
      const { name = '', version = '', digest = '' } = row ?? {}
      const statement = siteApprovalOf(
        { name, version, digest },
        signer,
        'approval',
        new Date(clock.now()).toISOString(),
      )
      const payload = Buffer.from(JSON.stringify(statement))
      const sig = sign(undefined, preAuthEncoding(payload), key).toString('base64')
      const envelope = {
        payloadType: STATEMENT_TYPE,
        payload: payload.toString('base64'),
        signatures: [{ keyid: 'k', sig }],
      }
      await mkdir(join(folder, 'site-approvals'), { recursive: true })
      await writeFile(join(folder, 'site-approvals', `${digest}.json`), JSON.stringify(envelope))
    }
    await approve(generateKeyPairSync('ed25519').privateKey)
    await watcher.look()
    expect(library.active()).toEqual([])
    await rm(join(folder, 'site-approvals'), { recursive: true })
    await approve(site.privateKey)
    await watcher.look()
    expect(library.active().map((one) => one.model.version)).toEqual(['1.0.0'])
    expect(library.offered(row?.digest ?? '')).toBeUndefined()
    expect(events(log)).toEqual([
      'model.site-approval-awaited',
      'model.site-approval-awaited',
      'model.site-approved',
      'model.staged',
      'model.activated',
    ])
  })

  it('refuses a kit with one approval, in words, and says so once', async () => {
    repository.signers['approved-models'] = [repository.clinical]
    repository.publish()
    await repository.writeTo(kitFolder())
    const { library, watcher, log } = await box()
    await watcher.look()
    expect(library.active()).toEqual([])
    const [refused] = held.records.models.refusedKits()
    expect(refused?.message).toMatch(/\w+ \w+/)
    await (await box()).watcher.look()
    expect(held.records.models.refusedKits()).toHaveLength(1)
    expect(events(log)).toEqual(['metadata.refused'])
    expect(goldenRuns).toBe(0)
  })

  it('refuses a model whose golden cases do not come out, and does not try it again', async () => {
    golden = { kind: 'failed', reason: 'deviates', detail: 'pneumonia differs by 0.2' }
    await repository.writeTo(kitFolder())
    const { library, watcher, log } = await box()
    await watcher.look()
    expect(library.active()).toEqual([])
    expect(events(log)).toContain('model.refused')
    expect(held.records.models.all()[0]).toMatchObject({ state: 'refused' })
    expect(held.records.models.all()[0]?.message).toContain('differs by 0.2')
    await (await box()).watcher.look()
    expect(goldenRuns).toBe(1)
  })

  it('refuses a kit in which a byte of the model changed', async () => {
    const [path, bytes] = [...repository.files].find(([name]) => name.startsWith('blobs/')) ?? ['', new Uint8Array()]
    const changed = Buffer.from(bytes)
    changed[0] = (changed[0] ?? 0) ^ 1
    repository.files.set(path, changed)
    await repository.writeTo(kitFolder())
    const { library, watcher } = await box()
    await watcher.look()
    expect(library.active()).toEqual([])
    expect(held.records.models.refusedKits()[0]?.code).toBe('tampered-file')
  })

  it('hashes what it copies, should a file change after it was verified', async () => {
    await repository.writeTo(kitFolder())
    const outcome = await verifyKit({
      kitFolder: kitFolder(),
      stateFolder: join(folder, 'state'),
      initialRoot: repository.initialRoot,
      policy: repository.policy,
      highWaterMarks: new DatabaseHighWaterMarks(held.records),
      clock,
      logger: silentLogger,
    })
    const release = outcome.kind === 'verified' ? outcome.releases[0] : undefined
    const file = release?.files.find((one) => one.path === 'head.onnx')
    if (release === undefined || file === undefined) throw new Error('no release')
    await writeFile(release.blobPath(file.sha256), Buffer.alloc(file.bytes))
    expect(await copyPackage(release, modelsFolder())).toBe('head.onnx')
    expect(await readFile(join(modelsFolder(), release.model.digest, 'manifest.json')).catch(() => 'absent')).toBe(
      'absent',
    )
  })

  it('does not use a package that was damaged on disk, and takes it again from the kit', async () => {
    await repository.writeTo(kitFolder())
    const first = await box()
    await first.watcher.look()
    const [active] = first.library.active()
    await writeFile(join(active?.folder ?? '', 'head.onnx'), 'damaged')
    const second = await box()
    expect(second.library.active()).toEqual([])
    expect(states()).toEqual(['1.0.0 staged'])
    await second.watcher.look()
    expect(second.library.active().map((one) => one.digest)).toEqual([active?.digest])
    expect(digestOf(await readFile(join(active?.folder ?? '', 'manifest.json')))).toBe(active?.digest)
  })

  it('replaces a version by the next, keeps the one before, and goes back when a person says so', async () => {
    await repository.writeTo(kitFolder())
    const { library, watcher, log } = await box()
    await watcher.look()
    repository.list(await packageForRelease(await laterPackage(folder, '1.1.0', 2)))
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    await repository.writeTo(kitFolder())
    await watcher.look()
    expect(states()).toEqual(['1.1.0 active', '1.0.0 retained'])
    expect(await library.rollBack('chest-radiograph', 'c'.repeat(32))).toEqual({
      kind: 'rolled-back',
      version: '1.0.0',
    })
    expect(states()).toEqual(['1.1.0 refused', '1.0.0 active'])
    const again = await box()
    await again.watcher.look()
    expect(again.library.active().map((one) => one.model.version)).toEqual(['1.0.0'])
    expect(events(log)).toContain('model.rolled-back')
  })

  it('does not bring a recalled version back, also when its bytes were approved anew to undo a later one', async () => {
    const first = await packageForRelease(SHIPPED_PACKAGE)
    const later = await packageForRelease(await laterPackage(folder, '1.1.0', 2))
    repository.list(later)
    repository.publish()
    await repository.writeTo(kitFolder())
    const { library, watcher, log } = await box()
    await watcher.look()
    const { records } = held
    const book = new DatabaseRecallBook({
      records,
      audit: { record: () => undefined, recordNow: () => undefined },
      clock,
      logger: silentLogger,
      onChange: () => undefined,
    })
    const recall = { reason: 'wrong side', person: 'safety-officer', recalledAt: '2026-11-20T08:00:00.000Z' }
    await book.add([{ schema: 'leadglass.recall/1', model: first.statement.model, ...recall }])
    repository.list(first, { ...first.statement, releaseCounter: 3, rollbackOf: later.statement.model })
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    await repository.writeTo(kitFolder())
    await watcher.look()
    expect(library.active().map(({ model }) => model.version)).toEqual(['1.1.0'])
    expect(states()).toContain('1.0.0 refused')
    expect(events(log)).toContain('model.refused')
  })

  it('never goes below what it has seen, whatever kit comes later', async () => {
    repository.list(await packageForRelease(await laterPackage(folder, '1.1.0', 2)))
    repository.publish()
    await repository.writeTo(kitFolder())
    const { library, watcher } = await box()
    await watcher.look()
    const older = repository.parts.approvedModels.targets as Record<string, unknown>
    delete older['models/chest-radiograph/1.1.0/manifest.json']
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    await repository.writeTo(kitFolder())
    await watcher.look()
    expect(library.active().map((one) => one.model.version)).toEqual(['1.1.0'])
    expect(held.records.models.refusedKits()[0]?.code).toBe('older-version')
  })
})
