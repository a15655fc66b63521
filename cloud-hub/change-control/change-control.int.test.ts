import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PackageContent, writePackage } from '@leadglass/models'
import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { sha256Hex, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeGraph } from '../../models/explain/testing/graphs.ts'
import { examplePackage } from '../../models/testing/example-package.ts'
import { ReleaseService } from '../delivery/index.ts'
import {
  ANY_CARD,
  createHub,
  deliver,
  type HubFixture,
  PASSPHRASE,
  SIGNOFFS,
  verified,
} from '../delivery/testing/hub-fixture.ts'
import { openApproverKey } from '../governance/index.ts'
import { type ModelVersion, PackageStore, Registry } from '../registry/index.ts'
import { isOnPostgres } from '../testing/databases.ts'
import { planDigest, signAdoption } from './adoption.ts'
import { ChangeBook, SQL_PLANS, SQL_RECORDS } from './change-book.ts'
import { ChangeDesk } from './change-desk.ts'
import type { ChangePlan } from './plan.ts'
import { examplePlan } from './testing/example-plan.ts'

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** A version with real graphs; `weight` is what training decided, `auc` what was measured. */
function versionOf(
  version: string,
  parent: PackageContent['manifest']['lineage']['parent'],
  weight: number,
  auc: number,
): PackageContent {
  const content = examplePackage()
  const graph = (values: readonly number[]) =>
    madeGraph([{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }], { w: { dimensions: [2, 1], values } }, 2)
  const card = JSON.parse(Buffer.from(content.files.get('card.json') ?? '').toString()) as object
  const metrics = [{ output: 'finding', metric: 'auc', split: 'test', value: auc, low: auc - 0.04, images: 120 }]
  const files = new Map(content.files)
  files.set('backbone.onnx', graph([1, 2]))
  files.set('head.onnx', graph([weight, 1]))
  files.set('card.json', json({ ...card, version, metrics }))
  const lineage = { ...content.manifest.lineage, parent }
  const releaseCounter = Number(version.split('.')[2]) + 1
  return { manifest: { ...content.manifest, version, releaseCounter, lineage }, files }
}

describe('change control of a hub', () => {
  let folder: string
  let hub: HubFixture
  let registry: Registry
  let desk: ChangeDesk
  let book: ChangeBook
  let base: ModelVersion
  let next: ModelVersion
  const events: AuditEventInput[] = []
  const add = async (content: PackageContent): Promise<ModelVersion> => {
    const source = join(folder, 'incoming', content.manifest.version)
    await writePackage(source, content)
    return registry.importPackage(source, 'trainer')
  }
  const signed = async (number: number, plan: ChangePlan) => {
    const key = await openApproverKey(hub.approverKeys[number], PASSPHRASE)
    return { person: key.person, envelope: signAdoption(key, plan, hub.clock.now()) }
  }
  const adopt = async (plan: ChangePlan, ...signers: number[]): Promise<void> => {
    for (const number of signers) {
      const { person, envelope } = await signed(number, plan)
      desk.adopt(planDigest(plan), envelope, person)
    }
  }
  const record = (step: string, outcome: 'done' | 'not-done' = 'done') =>
    desk.record(planDigest(examplePlan()), next.model.digest, {
      step,
      outcome,
      evidence: 'run 7',
      person: 'ml-engineer',
    })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'change-control-'))
    hub = await createHub(join(folder, 'hub'))
    const store = new PackageStore({ folder: join(folder, 'packages') })
    registry = new Registry({ database: hub.database, store, clock: hub.clock })
    book = new ChangeBook(hub.database, hub.clock)
    desk = new ChangeDesk({
      book,
      registry,
      keyOf: (keyid) => hub.governance.approvers().find((one) => one.keyid === keyid),
      audit: { append: (event) => events.push(event) },
      together: (act) => hub.database.transaction(act)(),
      clock: hub.clock,
    })
    base = await add(versionOf('1.0.0', null, 1, 0.85))
    next = await add(versionOf('1.0.1', sha256Hex.parse(base.model.digest), 3, 0.86))
  })
  afterAll(async () => {
    hub.database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('knows no claim before a plan is in force', async () => {
    await expect(desk.claim(next.model.digest)).rejects.toMatchObject({ code: 'not-within-plan' })
    const { author: _, ...content } = examplePlan()
    expect(desk.declare(content, 'change-author').state).toBe('declared')
    await expect(desk.claim(next.model.digest)).rejects.toThrow(/no plan is in force/)
  })

  it('takes a plan from two people of both roles, and not from its author or from one role twice', async () => {
    const plan = examplePlan()
    const digest = planDigest(plan)
    expect(() => desk.adopt(digest, {}, 'change-author')).toThrow(/wrote this plan/)
    await adopt(plan, 1, 2)
    expect(book.find(digest), 'two technical approvers').toMatchObject({ state: 'declared', adoptions: [{}, {}] })
    await adopt(plan, 0, 0)
    expect(book.find(digest)).toMatchObject({ state: 'in-force', adoptions: [{}, {}, {}] })
    expect(() => desk.declare({ ...plan, title: 'The same number, other words' }, 'change-author')).toThrow(
      expect.objectContaining({ code: 'plan-version-taken' }),
    )
  })

  it.each<[string, (own: Awaited<ReturnType<typeof signed>>, other: Awaited<ReturnType<typeof signed>>) => unknown]>([
    ['over another plan', (_own, other) => other.envelope],
    ['with a turned bit', ({ envelope }) => ({ ...envelope, payload: Buffer.from('{}').toString('base64') })],
    [
      'under the name of another key',
      ({ envelope }) => ({ ...envelope, signatures: [{ ...envelope.signatures[0], keyid: 'f'.repeat(64) }] }),
    ],
    ['that is none', () => 'signature'],
  ])('refuses a signature %s', async (_what, forge) => {
    const plan = examplePlan()
    const forged = forge(await signed(1, plan), await signed(1, examplePlan({ title: 'Another plan' })))
    expect(() => desk.adopt(planDigest(plan), forged, 'technical-approver')).toThrow(
      expect.objectContaining({ code: 'adoption-not-valid' }),
    )
  })

  it('makes a claim possible only when everything that the plan asks for is there, and breaks it when that changes', async () => {
    expect((await desk.determine(next))?.determination).toMatchObject({ within: false, changed: ['weights'] })
    record('P1')
    expect(() => record('P9')).toThrow(expect.objectContaining({ code: 'unknown-step' }))
    await expect(desk.claim(next.model.digest)).rejects.toThrow(/step-not-recorded/)
    record('P2')
    const claim = await desk.claim(next.model.digest)
    await expect(desk.assertClaim(next.model.digest, claim)).resolves.toBeUndefined()
    await expect(desk.assertClaim(base.model.digest, claim), 'lifted onto another version').rejects.toThrow()
    record('P1', 'not-done')
    await expect(desk.assertClaim(next.model.digest, claim)).rejects.toThrow(/step-not-recorded/)
    record('P1')
    await expect(desk.assertClaim(next.model.digest, claim)).resolves.toBeUndefined()
  })

  it('lets nobody submit or sign the claim once it does not hold, and publishes it when it does', async () => {
    const { writer, governance, policy, clock } = hub
    const parts = { writer, governance, registry, policy, clock, cards: ANY_CARD, changes: desk, logger: silentLogger }
    const service = new ReleaseService(parts)
    const draft = (digest: string) => service.draft('trainer', [{ digest, signoffs: SIGNOFFS, withinPlan: true }])
    const sign = (id: string, person: string) => service.sign(id, person, PASSPHRASE, 'approval')
    await expect(draft(base.model.digest), 'a first version is in no plan').rejects.toThrow(/no-predecessor/)
    const { id, statements } = await draft(next.model.digest)
    expect(statements[0]?.changeControl).toEqual(await desk.claim(next.model.digest))
    record('P2', 'not-done')
    await expect(service.submit(id, 'trainer')).rejects.toMatchObject({ code: 'not-within-plan' })
    record('P2')
    expect(await service.submit(id, 'trainer')).toMatchObject({ kind: 'done' })
    expect(await sign(id, 'clinical-approver')).toMatchObject({ kind: 'done', state: 'partially-signed' })
    record('P2', 'not-done')
    await expect(sign(id, 'technical-approver')).rejects.toMatchObject({ code: 'not-within-plan' })
    expect(governance.proposal(id)?.signatures, 'the second signature was not taken').toHaveLength(1)
    record('P2')
    expect(await sign(id, 'technical-approver')).toMatchObject({ kind: 'done', state: 'published' })
    const [release] = verified(await deliver(hub)).releases
    expect(release?.model, 'a box takes a list with the claim').toEqual(next.model)
  })

  it('says what a version that goes beyond the plan lacks', async () => {
    const content = versionOf('1.0.2', sha256Hex.parse(base.model.digest), 4, 0.7)
    const wider = await add({ ...content, manifest: { ...content.manifest, intendedUse: 'Something else.' } })
    const found = await desk.determine(wider)
    expect(found?.claim).toBeNull()
    expect(found?.determination.reasons).toEqual(
      expect.arrayContaining([
        { kind: 'aspect-not-planned', aspect: 'intended-use' },
        { kind: 'criterion-not-met', outcome: { criterion: 'AUC', kind: 'missed', seen: 0.7, cases: 120 } },
      ]),
    )
  })

  it('writes once what it keeps, and a plan that is withdrawn or replaced carries no claim', async () => {
    for (const table of ['change_plan', 'change_plan_adoption', 'change_record']) {
      expect(() => hub.database.exec(`DELETE FROM ${table}`)).toThrow(/never deleted/)
    }
    expect(() => hub.database.exec("UPDATE change_record SET outcome = 'done'")).toThrow(/never changed/)
    const claim = await desk.claim(next.model.digest)
    const second = examplePlan({ version: 2, title: 'The second version' })
    const { author: _, ...content } = second
    desk.declare(content, 'change-author')
    await adopt(second, 0, 1)
    expect(book.plans('example-model').map(({ state }) => state)).toEqual(['in-force', 'superseded'])
    await expect(desk.assertClaim(next.model.digest, claim)).rejects.toMatchObject({ code: 'not-within-plan' })
    desk.withdraw(planDigest(second), 'mlops', 'The submission was taken back.')
    expect(
      book.plans('example-model').map(({ state }) => state),
      'an older plan does not come back',
    ).toEqual(['withdrawn', 'superseded'])
  })

  it('leaves a word in the log for each act', () => {
    const words = new Set(events.map(({ event }) => event))
    expect([...words].toSorted()).toEqual(['plan.adopted', 'plan.declared', 'plan.step-recorded', 'plan.withdrawn'])
  })

  it.skipIf(isOnPostgres)('reads by its indexes', () => {
    for (const [sql, ...values] of [
      [SQL_PLANS, 'm'],
      [SQL_RECORDS, 'p', 'm'],
    ] as const) {
      const plan = hub.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]
      expect(plan.map(({ detail }) => detail).join('; ')).not.toMatch(/SCAN (?!CONSTANT)/)
    }
  })
})
