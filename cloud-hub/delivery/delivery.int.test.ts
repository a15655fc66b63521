import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOfFile } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApproverKey, openApproverKey } from '../governance/approver-key.ts'
import { signApproval } from '../governance/signing.ts'
import { versionState } from '../registry/version-state.ts'
import { exchangeApprover } from './rotation.ts'
import {
  createHub,
  deliver,
  type HubFixture,
  PASSPHRASE,
  release,
  SIGNOFFS,
  TEST_COST,
  verified,
} from './testing/hub-fixture.ts'

const DAY = 86_400_000

let folder = ''
let hub: HubFixture

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-delivery-'))
  hub = await createHub(folder)
})

afterEach(async () => {
  hub.database.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the way of a release through the hub', () => {
  it('begins with a repository that devices verify and that lists nothing', async () => {
    const outcome = verified(await deliver(hub))
    expect(outcome.releases).toEqual([])
    expect(outcome.metadataVersions).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1, approvedModels: 0 })
  })

  it('ends on the device with both approvals and every byte, release after release', async () => {
    const first = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    await release(hub, [first])
    expect(verified(await deliver(hub)).releases.map((one) => one.model.digest)).toEqual([first])
    const second = await hub.importPackage({ version: '1.1.0', releaseCounter: 2 })
    await release(hub, [second])
    const outcome = verified(await deliver(hub))
    expect(outcome.releases.map((one) => one.model.version)).toEqual(['1.1.0'])
    expect(outcome.superseded.map((model) => model.version)).toEqual(['1.0.0'])
    const [one] = outcome.releases
    expect(one?.approvals.map((approval) => approval.person)).toEqual(['clinical-approver', 'technical-approver'])
    for (const file of one?.files ?? []) expect(await digestOfFile(one?.blobPath(file.sha256) ?? '')).toBe(file.sha256)
  })

  it('lists two models in one signed act', async () => {
    const chest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const hand = await hub.importPackage({ name: 'hand-radiograph', version: '1.0.0', releaseCounter: 1 })
    await release(hub, [chest, hand])
    expect(verified(await deliver(hub)).releases.map((one) => one.model.name)).toEqual([
      'chest-radiograph',
      'hand-radiograph',
    ])
  })

  it('passes through the states that the signatures say', async () => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const state = (): string => versionState(hub.governance.proposalsOf(digest), hub.policy)
    expect(state()).toBe('candidate')
    const { id } = await hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])
    expect(state()).toBe('draft')
    await hub.service.submit(id, 'trainer')
    expect(state()).toBe('submitted')
    await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')
    expect(state()).toBe('partially-signed')
    expect(verified(await deliver(hub)).releases).toEqual([])
    await hub.service.sign(id, 'technical-approver', PASSPHRASE, 'approval')
    expect(state()).toBe('published')
    expect(verified(await deliver(hub)).releases).toHaveLength(1)
  })

  it('brings older bytes back as a new release', async () => {
    const first = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const second = await hub.importPackage({ version: '1.1.0', releaseCounter: 2 })
    await release(hub, [first])
    await release(hub, [second])
    verified(await deliver(hub))
    const undone = hub.registry.version(second)?.model
    const draft = await hub.service.draft('trainer', [
      { digest: first, signoffs: SIGNOFFS, ...(undone && { rollbackOf: undone }) },
    ])
    await hub.service.submit(draft.id, 'trainer')
    await hub.service.sign(draft.id, 'technical-approver', PASSPHRASE, 'approval')
    await hub.service.sign(draft.id, 'clinical-approver', PASSPHRASE, 'approval')
    const [one] = verified(await deliver(hub)).releases
    expect([one?.model.version, one?.releaseCounter]).toEqual(['1.0.0', 3])
  })

  it('renews the list before it ends, without a new release', async () => {
    await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
    hub.clock.advance(85 * DAY)
    await release(hub, [])
    await hub.writer.refreshOnline()
    hub.clock.advance(13 * DAY)
    expect(verified(await deliver(hub)).releases).toHaveLength(1)
  })
})

describe('signatures at the hub', () => {
  async function submitted(author = 'trainer'): Promise<string> {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1, author })
    const { id } = await hub.service.draft(author, [{ digest, signoffs: SIGNOFFS }])
    await hub.service.submit(id, author)
    return id
  }

  it('one person twice is refused', async () => {
    const id = await submitted()
    await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')
    expect(await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')).toEqual({
      kind: 'refused',
      reason: 'already-signed',
    })
  })

  it('one person at two browsers at one instant is taken once', async () => {
    const id = await submitted()
    const outcomes = await Promise.all(
      [1, 2].map(() => hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')),
    )
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['done', 'refused'])
    expect(hub.governance.proposal(id)?.signatures).toHaveLength(1)
  })

  it('two approvers at one instant are both taken, and the release is published once', async () => {
    const id = await submitted()
    const persons = ['clinical-approver', 'technical-approver']
    await Promise.all(persons.map((person) => hub.service.sign(id, person, PASSPHRASE, 'approval')))
    expect(hub.governance.proposal(id)).toMatchObject({ closed: 'published', closedBy: 'hub' })
    expect((await hub.writer.state()).approvedModels?.metadata.signed.version).toBe(1)
    expect(verified(await deliver(hub)).releases).toHaveLength(1)
  })

  it('of an approver whose key was revoked before the other signed counts for nothing; a new list has to be signed', async () => {
    const id = await submitted()
    await hub.service.sign(id, 'technical-approver', PASSPHRASE, 'approval')
    const signers = hub.custodians.slice(3, 5)
    const ceremony = { writer: hub.writer, signers, clock: hub.clock }
    await exchangeApprover('technical-approver', undefined, ceremony, { revoking: true })
    await expect(hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')).rejects.toMatchObject({
      code: 'devices-would-refuse',
    })
    expect((await hub.writer.state()).approvedModels).toBeUndefined()
    expect(verified(await deliver(hub)).releases).toEqual([])
    // Nor does a restart publish it, and the revoked one can be named by nobody.
    await hub.restart().service.resume()
    expect(hub.governance.proposal(id)?.closed).toBeNull()
    const digest = hub.registry.versions('chest-radiograph')[0]?.model.digest ?? ''
    await expect(hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
    const signoffs: typeof SIGNOFFS = SIGNOFFS.map((one) =>
      one.role === 'technical' ? { ...one, person: 'second-technical-approver' } : one,
    )
    const next = await hub.service.draft('trainer', [{ digest, signoffs }])
    await hub.service.submit(next.id, 'trainer')
    for (const { person } of signoffs) await hub.service.sign(next.id, person, PASSPHRASE, 'approval')
    expect(verified(await deliver(hub)).releases).toHaveLength(1)
    expect(hub.governance.proposal(id)?.closed).toBe('superseded')
  })

  it('an author may not be named as approver, nor sign', async () => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1, author: 'clinical-approver' })
    await expect(hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
    const signoffs = [
      { ...SIGNOFFS[1], person: 'technical-approver' },
      { ...SIGNOFFS[1], person: 'second-technical-approver' },
    ]
    const draft = await hub.service.draft('trainer', [{ digest, signoffs: signoffs as typeof SIGNOFFS }])
    await hub.service.submit(draft.id, 'trainer')
    expect(await hub.service.sign(draft.id, 'clinical-approver', PASSPHRASE, 'approval')).toMatchObject({
      reason: 'author-may-not-approve',
    })
  })

  it('two technical approvals do not publish', async () => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const signoffs: typeof SIGNOFFS = ['technical-approver', 'second-technical-approver'].map((person) => ({
      person,
      role: 'technical',
      meaning: 'approval',
    }))
    const { id } = await hub.service.draft('trainer', [{ digest, signoffs }])
    await hub.service.submit(id, 'trainer')
    for (const { person } of signoffs) await hub.service.sign(id, person, PASSPHRASE, 'approval')
    const proposal = hub.governance.proposal(id)
    expect(proposal?.signatures).toHaveLength(2)
    expect(proposal === undefined ? '' : hub.service.stateOf(proposal)).toBe('partially-signed')
    expect(verified(await deliver(hub)).releases).toEqual([])
  })

  it('another meaning than the one announced is refused', async () => {
    const id = await submitted()
    expect(await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'review')).toMatchObject({
      reason: 'wrong-meaning',
    })
  })

  it('a wrong passphrase signs nothing', async () => {
    const id = await submitted()
    await expect(hub.service.sign(id, 'clinical-approver', 'not the passphrase', 'approval')).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
    expect(hub.governance.proposal(id)?.signatures).toEqual([])
  })

  it('a key that the custodians do not vouch for is refused', async () => {
    const id = await submitted()
    const proposal = hub.governance.proposal(id)
    const subject = proposal === undefined ? undefined : hub.service.subject(proposal)
    if (subject === undefined) throw new Error('nothing to sign')
    const identity = { person: 'clinical-approver', role: 'clinical', printedName: 'Clinical Approver' } as const
    const file = await createApproverKey({ ...identity, passphrase: PASSPHRASE, cost: TEST_COST })
    const approval = signApproval(await openApproverKey(file, PASSPHRASE), subject, 'approval', hub.clock)
    expect(await hub.service.accept(id, approval)).toEqual({ kind: 'refused', reason: 'key-not-authorised' })
  })

  it('a signature over other bytes, or with an exchanged statement, is refused', async () => {
    const id = await submitted()
    const proposal = hub.governance.proposal(id)
    const subject = proposal === undefined ? undefined : hub.service.subject(proposal)
    if (subject === undefined) throw new Error('nothing to sign')
    const [clinicalFile, technicalFile] = hub.approverKeys
    const clinical = await openApproverKey(clinicalFile, PASSPHRASE)
    const technical = await openApproverKey(technicalFile, PASSPHRASE)
    const other = signApproval(clinical, { ...subject, signedBytes: Buffer.from('{}') }, 'approval', hub.clock)
    const good = signApproval(clinical, subject, 'approval', hub.clock)
    const lifted = { ...good, envelope: signApproval(technical, subject, 'approval', hub.clock).envelope }
    const renamed = signApproval({ ...clinical, person: 'technical-approver' }, subject, 'approval', hub.clock)
    expect(await hub.service.accept(id, other)).toMatchObject({ reason: 'signature-invalid' })
    expect(await hub.service.accept(id, lifted)).toMatchObject({ reason: 'signature-invalid' })
    expect(await hub.service.accept(id, { ...good, signature: '00'.repeat(64) })).toMatchObject({
      reason: 'signature-invalid',
    })
    expect(await hub.service.accept(id, renamed)).toMatchObject({ reason: 'statement-differs' })
    expect(await hub.service.accept(id, good)).toMatchObject({ kind: 'done', state: 'partially-signed' })
  })

  it.each([
    ['before there was anything to sign', -3_600_000],
    ['in the future', 3_600_000],
  ])('a signature dated %s is refused', async (_name, offset) => {
    const id = await submitted()
    const proposal = hub.governance.proposal(id)
    const subject = proposal === undefined ? undefined : hub.service.subject(proposal)
    if (subject === undefined) throw new Error('nothing to sign')
    const key = await openApproverKey(hub.approverKeys[0], PASSPHRASE)
    const dated = signApproval(key, subject, 'approval', { now: () => hub.clock.now() + offset })
    expect(await hub.service.accept(id, dated)).toMatchObject({ reason: 'statement-differs' })
  })

  it('rejection needs a named approver and a reason, and ends the proposal', async () => {
    const id = await submitted()
    expect(await hub.service.reject(id, 'trainer', 'because')).toMatchObject({ reason: 'not-named-as-approver' })
    expect(await hub.service.reject(id, 'clinical-approver', ' ')).toMatchObject({ reason: 'reason-missing' })
    expect(await hub.service.reject(id, 'clinical-approver', 'too few cases')).toMatchObject({ state: 'rejected' })
    expect(await hub.service.sign(id, 'technical-approver', PASSPHRASE, 'approval')).toMatchObject({
      reason: 'wrong-state',
    })
    expect(hub.governance.proposal(id)?.closedReason).toBe('too few cases')
  })

  it('only the author withdraws', async () => {
    const id = await submitted()
    expect(await hub.service.withdraw(id, 'clinical-approver')).toMatchObject({ reason: 'not-the-author' })
    expect(await hub.service.withdraw(id, 'trainer')).toMatchObject({ state: 'withdrawn' })
  })

  it('a proposal on a list that was replaced meanwhile is superseded and never published', async () => {
    const first = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const other = await hub.importPackage({ name: 'hand-radiograph', version: '1.0.0', releaseCounter: 1 })
    const late = await hub.service.draft('trainer', [{ digest: other, signoffs: SIGNOFFS }])
    await hub.service.submit(late.id, 'trainer')
    await hub.service.sign(late.id, 'clinical-approver', PASSPHRASE, 'approval')
    await release(hub, [first])
    expect(hub.governance.proposal(late.id)?.closed).toBe('superseded')
    await release(hub, [other])
    expect(verified(await deliver(hub)).releases).toHaveLength(2)
  })

  it('a list that would cost an older release its approval is not published until one more signs', async () => {
    const byApprover = await hub.importPackage({ version: '1.0.0', releaseCounter: 1, author: 'technical-approver' })
    const signoffs: typeof SIGNOFFS = [
      { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
      { person: 'second-technical-approver', role: 'technical', meaning: 'approval' },
    ]
    const first = await hub.service.draft('technical-approver', [{ digest: byApprover, signoffs }])
    await hub.service.submit(first.id, 'technical-approver')
    for (const { person } of signoffs) await hub.service.sign(first.id, person, PASSPHRASE, 'approval')
    const hand = await hub.importPackage({ name: 'hand-radiograph', version: '1.0.0', releaseCounter: 1 })
    const all = [...SIGNOFFS, { person: 'second-technical-approver', role: 'technical', meaning: 'approval' } as const]
    const second = await hub.service.draft('trainer', [{ digest: hand, signoffs: all }])
    await hub.service.submit(second.id, 'trainer')
    await hub.service.sign(second.id, 'clinical-approver', PASSPHRASE, 'approval')
    await expect(hub.service.sign(second.id, 'technical-approver', PASSPHRASE, 'approval')).rejects.toMatchObject({
      code: 'devices-would-refuse',
    })
    expect(verified(await deliver(hub)).releases).toHaveLength(1)
    expect(await hub.service.sign(second.id, 'second-technical-approver', PASSPHRASE, 'approval')).toMatchObject({
      state: 'published',
    })
    expect(verified(await deliver(hub)).releases).toHaveLength(2)
  })
})

describe('what cannot be proposed', () => {
  it.each([
    ['a version that is listed', { version: '1.0.0', releaseCounter: 1 }],
    ['a counter that is not above the listed one', { version: '1.0.1', releaseCounter: 1 }],
  ])('%s', async (_name, options) => {
    await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
    const digest = await hub.importPackage(options)
    await expect(hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
  })

  it.each([
    ['nobody knows', { person: 'stranger', role: 'technical', meaning: 'approval' }],
    ['has another role', { person: 'technical-approver', role: 'clinical', meaning: 'approval' }],
    ['is named twice', { person: 'clinical-approver', role: 'clinical', meaning: 'approval' }],
  ] as const)('an approver who %s', async (_name, signoff) => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const signoffs = [SIGNOFFS[0], signoff] as typeof SIGNOFFS
    await expect(hub.service.draft('trainer', [{ digest, signoffs }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
  })

  it('a package that the registry does not know', async () => {
    await expect(hub.service.draft('trainer', [{ digest: 'f'.repeat(64), signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
  })
})
