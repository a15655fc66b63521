import { Metadata, MetadataKind, type Targets } from '@tufjs/models'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ApprovalPolicy } from '../contract/index.ts'
import { checkApprovals, findMissingApproval } from './policy.ts'
import { approverPart, FakeRepository, fakeKey, fakePackage, type Part } from './testing/fake-repository.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

let repository: FakeRepository
let one = fakePackage({})

beforeEach(() => {
  repository = new FakeRepository(NOW)
  one = fakePackage({})
})

type MetadataJson = Parameters<typeof Metadata.fromJSON>[1]

/** The check over what the repository would publish now. */
function check(policy: Partial<ApprovalPolicy> = {}): ReturnType<typeof checkApprovals> {
  repository.publish()
  const read = (name: string): MetadataJson =>
    JSON.parse(Buffer.from(repository.files.get(`metadata/${name}`) ?? '').toString()) as MetadataJson
  const approvedModels: Metadata<Targets> = Metadata.fromJSON(MetadataKind.Targets, read('1.approved-models.json'))
  const [target] = Object.values(approvedModels.signed.targets)
  if (target === undefined) throw new Error('nothing is listed')
  return checkApprovals({
    root: Metadata.fromJSON(MetadataKind.Root, read('1.root.json')),
    targets: Metadata.fromJSON(MetadataKind.Targets, read('1.targets.json')),
    approvedModels,
    target,
    policy: { ...repository.policy, ...policy },
  })
}

function attackOf(outcome: ReturnType<typeof checkApprovals>): string {
  return outcome.kind === 'refused' ? outcome.attack : outcome.kind
}

describe('checkApprovals', () => {
  it('accepts two persons in the two roles and names them', () => {
    repository.list(one)
    const outcome = check()
    expect(outcome.kind).toBe('approved')
    if (outcome.kind !== 'approved') return
    expect(outcome.approvals.map(({ person, role }) => `${role}: ${person}`)).toEqual([
      'clinical: clinical-approver',
      'technical: technical-approver',
    ])
    expect(new Set(outcome.approvals.map((approval) => approval.keyDigest)).size).toBe(2)
  })

  it('refuses one signature', () => {
    repository.list(one)
    repository.signers['approved-models'] = [repository.clinical]
    const outcome = check()
    expect(attackOf(outcome)).toBe('too-few-approvals')
    expect(outcome.kind === 'refused' && outcome.message).toContain('1 of 2 required approvals')
  })

  it('refuses a signature by a stranger in place of the second', () => {
    repository.list(one)
    repository.signers['approved-models'] = [repository.clinical, fakeKey()]
    expect(attackOf(check())).toBe('too-few-approvals')
  })

  it('refuses two signatures of which one does not verify', () => {
    repository.list(one)
    const forged = { ...repository.technical, sign: () => repository.clinical.sign(Buffer.from('something else')) }
    repository.signers['approved-models'] = [repository.clinical, forged]
    expect(attackOf(check())).toBe('too-few-approvals')
  })

  it('refuses one person with two keys', () => {
    repository.list(one)
    const second = fakeKey()
    repository.addApprover(second.keyid, approverPart(second.publicKey, 'clinical-approver', 'technical'))
    repository.signers['approved-models'] = [repository.clinical, second]
    expect(attackOf(check())).toBe('same-person-twice')
  })

  it('refuses one key under a second keyid, which tuf-js counts as two signers', () => {
    repository.list(one)
    const alias = 'a'.repeat(64)
    repository.addApprover(alias, approverPart(repository.clinical.publicKey, 'technical-approver', 'technical'))
    repository.signers['approved-models'] = [repository.clinical, { ...repository.clinical, keyid: alias }]
    expect(attackOf(check())).toBe('alias-key')
  })

  it.each([
    ['upper-case hexadecimal', (key: Part) => ({ ...key, keyval: { public: upper(key) } })],
    ['another scheme', (key: Part) => ({ ...key, scheme: 'ed25519-other' })],
    ['an additional member of the key value', (key: Part) => ({ ...key, keyval: { ...(key.keyval as Part), x: '1' } })],
  ])('refuses a key in another spelling: %s', (_name, respell) => {
    repository.list(one)
    const { keys } = repository.delegation()
    keys[repository.technical.keyid] = respell(keys[repository.technical.keyid] ?? {})
    expect(['unknown-approver', 'alias-key']).toContain(attackOf(check()))
  })

  it('refuses two technical approvals where a clinical one is required', () => {
    repository.list(one)
    repository.signers['approved-models'] = [repository.technical, repository.secondTechnical]
    expect(attackOf(check())).toBe('role-missing')
  })

  it('accepts two technical approvals where the policy requires only a technical one', () => {
    repository.list(one)
    repository.signers['approved-models'] = [repository.technical, repository.secondTechnical]
    expect(attackOf(check({ requiredRoles: ['technical'] }))).toBe('approved')
  })

  it('refuses two approvals where the device was provisioned to ask for three', () => {
    repository.list(one)
    ;(repository.delegation().roles[0] as Part).threshold = 3
    expect(attackOf(check({ minimumApprovals: 3 }))).toBe('too-few-approvals')
  })

  it('refuses an author among the signers', () => {
    one = fakePackage({ author: 'technical-approver' })
    repository.list(one, { ...one.statement, signoffs: signoffs('clinical-approver', 'second-technical-approver') })
    expect(attackOf(check())).toBe('author-approved')
  })

  it('refuses an author named as approver', () => {
    one = fakePackage({ author: 'clinical-approver' })
    repository.list(one)
    expect(attackOf(check())).toBe('author-approved')
  })

  it("accepts a list that an author signed for other models' sake when two others signed too", () => {
    one = fakePackage({ author: 'technical-approver' })
    repository.list(one, { ...one.statement, signoffs: signoffs('clinical-approver', 'second-technical-approver') })
    repository.signers['approved-models'] = [repository.clinical, repository.technical, repository.secondTechnical]
    const outcome = check()
    expect(outcome.kind).toBe('approved')
    if (outcome.kind === 'approved') {
      expect(outcome.approvals.map((approval) => approval.person)).not.toContain('technical-approver')
    }
  })

  it('refuses one person named for both signatures', () => {
    repository.list(one, { ...one.statement, signoffs: signoffs('clinical-approver', 'clinical-approver') })
    expect(attackOf(check())).toBe('same-person-twice')
  })

  it('refuses a model listed by the top-level role with no approval at all', () => {
    repository.list(one)
    repository.parts.targets.targets = repository.parts.approvedModels.targets
    expect(attackOf(check())).toBe('listed-by-another-role')
  })

  it('refuses a threshold lowered by the holders of the top-level role', () => {
    repository.list(one)
    ;(repository.delegation().roles[0] as Part).threshold = 1
    expect(attackOf(check())).toBe('threshold-lowered')
  })

  it.each(['root', 'targets'])('refuses a root that lets one custodian sign %s', (role) => {
    repository.list(one)
    ;(repository.parts.root.roles as Record<string, Part>)[role] = {
      ...(repository.parts.root.roles as Record<string, Part>)[role],
      threshold: 1,
    }
    expect(attackOf(check())).toBe('threshold-lowered')
  })

  it.each(['before', 'after'])('refuses an extra delegation %s the pinned one', (where) => {
    repository.list(one)
    const { roles } = repository.delegation()
    const extra = { ...roles[0], name: 'quick-fixes', threshold: 1 }
    if (where === 'before') roles.unshift(extra)
    else roles.push(extra)
    expect(attackOf(check())).toBe('extra-delegation')
  })

  it.each([
    ['wider paths', { paths: ['*/*/*/*'] }],
    ['an additional path', { paths: ['models/*/*/manifest.json', 'models/*/*/*'] }],
    ['not terminating', { terminating: false }],
    ['hash prefixes', { paths: undefined, path_hash_prefixes: [''] }],
  ])('refuses a changed delegation: %s', (_name, change) => {
    repository.list(one)
    const { roles } = repository.delegation()
    roles[0] = JSON.parse(JSON.stringify({ ...roles[0], ...change })) as Part
    expect(attackOf(check())).toBe('delegation-changed')
  })

  it('refuses a delegation that was removed', () => {
    repository.list(one)
    repository.delegation().roles.length = 0
    expect(attackOf(check())).toBe('delegation-changed')
  })

  it('refuses approved-models that passes its right on', () => {
    repository.list(one)
    repository.parts.approvedModels.delegations = { keys: {}, roles: [] }
    expect(attackOf(check())).toBe('redelegated')
  })

  it.each([
    ['no person', { person: undefined, role: 'technical' }],
    ['no role', { person: 'technical-approver', role: undefined }],
    ['an unknown role', { person: 'technical-approver', role: 'janitor' }],
  ])("refuses an approver's key with %s", (_name, identity) => {
    repository.list(one)
    const part = approverPart(repository.technical.publicKey, identity.person ?? '', identity.role ?? '')
    repository.delegation().keys[repository.technical.keyid] = part
    expect(attackOf(check())).toBe('unknown-approver')
  })

  it("refuses an online key as approver's key", () => {
    repository.list(one)
    const { keyid, publicKey } = repository.snapshotKey
    repository.addApprover(keyid, approverPart(publicKey, 'hub-operator', 'technical'))
    expect(attackOf(check())).toBe('key-reused')
  })

  it.each([
    ['no statement', {}],
    ['a counter of 0', { releaseCounter: 0 }],
    ['one sign-off', { signoffs: [{ person: 'clinical-approver', role: 'clinical', meaning: 'approval' }] }],
    ['an unknown member', { extra: 1 }],
  ])('refuses a statement with %s', (name, change) => {
    repository.list(one, name === 'no statement' ? {} : { ...one.statement, ...change })
    expect(attackOf(check())).toBe('statement-malformed')
  })

  it.each([
    ['another digest', { digest: 'b'.repeat(64) }],
    ['another version', { version: '9.9.9' }],
    ['another name', { name: 'another-model' }],
  ])('refuses a statement about other bytes: %s', (_name, change) => {
    repository.list(one, { ...one.statement, model: { ...one.statement.model, ...change } })
    expect(attackOf(check())).toBe('statement-mismatch')
  })
})

describe('checkApprovals, in single points', () => {
  it('refuses a key under a keyid that is not its own, also when it is listed only once', () => {
    repository.list(one)
    const { keys, roles } = repository.delegation()
    const { keyid } = repository.technical
    const other = 'c'.repeat(64)
    keys[other] = keys[keyid] ?? {}
    delete keys[keyid]
    roles[0] = { ...roles[0], keyids: [repository.clinical.keyid, other, repository.secondTechnical.keyid] }
    repository.signers['approved-models'] = [repository.clinical, { ...repository.technical, keyid: other }]
    expect(attackOf(check())).toBe('alias-key')
  })

  it('refuses a key of the repository itself under a keyid that is not its own', () => {
    repository.list(one)
    const keys = repository.parts.root.keys as Record<string, Part>
    keys['d'.repeat(64)] = keys[repository.snapshotKey.keyid] ?? {}
    expect(attackOf(check())).toBe('alias-key')
  })

  it('refuses a listed file with a second digest, which the statement does not speak of', () => {
    repository.list(one)
    const targets = repository.parts.approvedModels.targets as Record<string, Part>
    for (const entry of Object.values(targets)) entry.hashes = { ...(entry.hashes as Part), sha512: 'e'.repeat(128) }
    expect(attackOf(check())).toBe('statement-mismatch')
  })
})

describe('findMissingApproval', () => {
  const person = fc.constantFrom('a1', 'b1', 'c1', 'd1')
  const signers = fc.array(fc.record({ person, role: fc.constantFrom('clinical' as const, 'technical' as const) }), {
    maxLength: 6,
  })
  const policy = { minimumApprovals: 2, requiredRoles: ['clinical', 'technical'] as ('clinical' | 'technical')[] }

  it('is satisfied exactly when a clinical and a technical signer exist that are two persons and not the author', () => {
    fc.assert(
      fc.property(signers, person, (list, author) => {
        const eligible = list.filter((signer) => signer.person !== author)
        const pair = eligible.some((first) =>
          eligible.some(
            (second) => first.role === 'clinical' && second.role === 'technical' && first.person !== second.person,
          ),
        )
        expect(findMissingApproval(list, author, policy, 'it') === undefined).toBe(pair)
      }),
    )
  })

  it('never turns from satisfied to unsatisfied when one more person signs', () => {
    fc.assert(
      fc.property(
        signers,
        person,
        fc.record({ person, role: fc.constant('clinical' as const) }),
        (list, author, more) => {
          if (findMissingApproval(list, author, policy, 'it') === undefined) {
            expect(findMissingApproval([...list, more], author, policy, 'it')).toBeUndefined()
          }
        },
      ),
    )
  })
})

function signoffs(clinical: string, technical: string): Part[] {
  return [
    { person: clinical, role: 'clinical', meaning: 'approval' },
    { person: technical, role: 'technical', meaning: 'approval' },
  ]
}

function upper(key: Part): string {
  return String((key.keyval as Part).public).toUpperCase()
}
