import {
  approverPart,
  type FakeKey,
  FakeRepository,
  fakeKey,
  fakePackage,
  keyPart,
  type Part,
} from '../fake-repository.ts'
import { NOW } from '../site.ts'
import { type Attack, onRepository, UNAPPROVED } from './attack.ts'

const on = onRepository.bind(undefined, 'approvals')

/** A list signed by exactly these. */
function signedBy(repository: FakeRepository, signers: FakeKey[]): void {
  repository.parts.approvedModels.targets = {}
  repository.list(fakePackage({ version: UNAPPROVED, releaseCounter: 6 }))
  repository.signers['approved-models'] = signers
  repository.publish()
}

/** A release whose statement is bent before the approvers sign it. */
function stated(repository: FakeRepository, bend: (statement: Record<string, unknown>) => unknown): void {
  const one = fakePackage({ version: UNAPPROVED, releaseCounter: 6 })
  repository.parts.approvedModels.targets = {}
  repository.list(one, bend(structuredClone(one.statement)))
  repository.publish()
}

/** Too few people, the wrong people, or one person in several coats. */
export const APPROVAL_ATTACKS: readonly Attack[] = [
  on('arbitrary software: nobody approved', 'too-few-approvals', (repository) => signedBy(repository, [])),
  on('arbitrary software: one approver of two', 'too-few-approvals', (repository) =>
    signedBy(repository, [repository.clinical]),
  ),
  on("arbitrary software: one approver and a stranger's key", 'too-few-approvals', (repository) =>
    signedBy(repository, [repository.clinical, fakeKey()]),
  ),
  on('key compromise below threshold: one stolen key signs twice', 'malformed-metadata', (repository) =>
    signedBy(repository, [repository.clinical, repository.clinical]),
  ),
  on('two approvals by one person with two keys', 'same-person-twice', (repository) => {
    const second = fakeKey()
    repository.addApprover(second.keyid, approverPart(second.publicKey, 'clinical-approver', 'technical'))
    signedBy(repository, [repository.clinical, second])
  }),
  on('alias key: one key under two key identifiers', 'alias-key', (repository) => {
    const alias = 'a'.repeat(64)
    repository.addApprover(alias, approverPart(repository.clinical.publicKey, 'technical-approver', 'technical'))
    signedBy(repository, [repository.clinical, { ...repository.clinical, keyid: alias }])
  }),
  on('alias key: one key under two schemes', 'unknown-approver', (repository) => {
    const alias = 'b'.repeat(64)
    const part = approverPart(repository.clinical.publicKey, 'technical-approver', 'technical')
    repository.addApprover(alias, { ...part, scheme: 'ed25519ph' })
    signedBy(repository, [repository.clinical, { ...repository.clinical, keyid: alias }])
  }),
  on('alias key: one key in two spellings', 'unknown-approver', (repository) => {
    const alias = 'c'.repeat(64)
    const spelling = repository.clinical.publicKey.toUpperCase()
    repository.addApprover(alias, approverPart(spelling, 'technical-approver', 'technical'))
    signedBy(repository, [repository.clinical, { ...repository.clinical, keyid: alias }])
  }),
  on('two technical approvals where a clinical one is required', 'role-missing', (repository) =>
    signedBy(repository, [repository.technical, repository.secondTechnical]),
  ),
  on('author approves: named among the approvers', 'author-approved', (repository) =>
    stated(repository, (statement) => ({ ...statement, author: 'clinical-approver' })),
  ),
  on('author approves: signs without being named', 'author-approved', (repository) =>
    stated(repository, (statement) => ({
      ...statement,
      author: 'technical-approver',
      signoffs: [
        { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
        { person: 'second-technical-approver', role: 'technical', meaning: 'approval' },
      ],
    })),
  ),
  on('one person named for both signatures', 'same-person-twice', (repository) =>
    stated(repository, (statement) => ({
      ...statement,
      signoffs: [
        { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
        { person: 'clinical-approver', role: 'technical', meaning: 'approval' },
      ],
    })),
  ),
  on('wrong software: the statement speaks of other bytes', 'statement-mismatch', (repository) =>
    stated(repository, (statement) => ({
      ...statement,
      model: { name: 'chest-radiograph', version: UNAPPROVED, digest: 'f'.repeat(64) },
    })),
  ),
  on('wrong software: the statement speaks of another model', 'statement-mismatch', (repository) =>
    stated(repository, (statement) => ({
      ...statement,
      model: { ...(statement.model as Part), name: 'hand-radiograph' },
    })),
  ),
  on('a release without a statement', 'statement-malformed', (repository) => stated(repository, () => ({}))),
  on('a signature over other bytes than the list', 'too-few-approvals', (repository) => {
    const honest = repository.technical
    signedBy(repository, [repository.clinical, { ...honest, sign: () => honest.sign(Buffer.from('other bytes')) }])
  }),
  on("an approver's key that also serves the repository", 'key-reused', (repository) => {
    repository.addApprover(
      repository.snapshotKey.keyid,
      approverPart(repository.snapshotKey.publicKey, 'technical-approver', 'technical'),
    )
    signedBy(repository, [repository.clinical, repository.snapshotKey])
  }),
  on("an approver's key that does not say whose it is", 'unknown-approver', (repository) => {
    const nobody = fakeKey()
    repository.addApprover(nobody.keyid, keyPart(nobody.publicKey))
    signedBy(repository, [repository.clinical, nobody])
  }),
  on('two releases of one model with one counter', 'duplicate-release', (repository) => {
    repository.list(fakePackage({ version: UNAPPROVED, releaseCounter: 1 }))
    repository.publish()
  }),
  on('malicious mirror: a repository of somebody else', 'arbitrary-software', (_repository, site) => {
    site.repository = new FakeRepository(NOW)
    site.repository.list(fakePackage({ version: UNAPPROVED, releaseCounter: 9 }))
    site.repository.publish()
  }),
  on('a first root other than the pinned one', 'root-not-pinned', (_repository, site) => {
    const other = new FakeRepository(NOW)
    other.publish()
    site.pinned = { ...site.pinned, initialRoot: other.initialRoot }
  }),
]
