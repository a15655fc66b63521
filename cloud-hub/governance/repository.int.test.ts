import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReleaseStatement } from '@leadglass/sync-agent/contract'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApproverKey, openApproverKey } from './approver-key.ts'
import {
  GovernanceRepository,
  SQL_OPEN_PROPOSALS,
  SQL_PROPOSAL,
  SQL_PROPOSALS_OF_DIGEST,
  SQL_SIGNATURES,
} from './repository.ts'
import { GOVERNANCE_SCHEMA } from './schema.ts'
import { signApproval, verifyApproval } from './signing.ts'
import { APPROVAL_WORKFLOW_SCHEMA } from './workflow-schema.ts'

const STATEMENT: ReleaseStatement = {
  schema: 'leadglass.release/1',
  model: { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) },
  releaseCounter: 1,
  author: 'trainer',
  signoffs: [
    { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
    { person: 'technical-approver', role: 'technical', meaning: 'approval' },
  ],
  rollbackOf: null,
}
const BYTES = Buffer.from('{"_type":"targets"}')
const file = await createApproverKey({
  person: 'clinical-approver',
  role: 'clinical',
  printedName: 'Clinical Approver',
  passphrase: 'correct horse battery',
  cost: { n: 2 ** 14, r: 8, p: 1 },
})
const key = await openApproverKey(file, 'correct horse battery')

let folder = ''
let database: Database.Database
let governance: GovernanceRepository
const clock = new ManualClock(Date.parse('2026-11-22T12:00:00Z'))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-governance-'))
  database = openDatabase({
    path: join(folder, 'hub.db'),
    migrations: [
      { number: 1, name: 'governance', sql: GOVERNANCE_SCHEMA },
      { number: 27, name: 'approval-workflow', sql: APPROVAL_WORKFLOW_SCHEMA },
    ],
  })
  governance = new GovernanceRepository({ database, clock })
})

afterEach(async () => {
  database.close()
  await rm(folder, { recursive: true, force: true })
})

function signed(id: string, bytes: Uint8Array = BYTES): boolean {
  const subject = { version: 1, signedBytes: bytes, releases: [STATEMENT] }
  const approval = signApproval(key, subject, 'approval', clock)
  const statement = verifyApproval(approval, subject, file.publicKey)
  if (statement === undefined) throw new Error('does not verify')
  return governance.addSignature(id, bytes, file.publicKey, approval, statement)
}

describe('GovernanceRepository', () => {
  it('gives back what was recorded, signature included', () => {
    const id = governance.createProposal('trainer', [STATEMENT])
    expect(governance.proposal(id)).toMatchObject({ submitted: false, signedBytes: null, statements: [STATEMENT] })
    expect(governance.submit(id, 1, BYTES)).toBe(true)
    expect(signed(id)).toBe(true)
    const proposal = governance.proposal(id)
    expect(Buffer.from(proposal?.signedBytes ?? []).equals(BYTES)).toBe(true)
    const [signature] = proposal?.signatures ?? []
    expect(signature).toMatchObject({
      person: 'clinical-approver',
      printedName: 'Clinical Approver',
      meaning: 'approval',
    })
    expect(
      verifyApproval(
        signature ?? signApproval(key, { version: 1, signedBytes: BYTES, releases: [] }, 'review', clock),
        { version: 1, signedBytes: BYTES },
        file.publicKey,
      ),
    ).toBeDefined()
    expect(governance.proposalsOf('a'.repeat(64)).map((one) => one.id)).toEqual([id])
  })

  it('takes one signature of a person, and none over other bytes or after the end', () => {
    const id = governance.createProposal('trainer', [STATEMENT])
    governance.submit(id, 1, BYTES)
    expect(signed(id, Buffer.from('{}'))).toBe(false)
    expect(signed(id)).toBe(true)
    expect(signed(id)).toBe(false)
    const ended = governance.createProposal('trainer', [STATEMENT])
    governance.submit(ended, 1, BYTES)
    expect(governance.close(ended, 'withdrawn', 'trainer', null)).toBe(true)
    expect(signed(ended)).toBe(false)
    expect(governance.close(ended, 'published', 'hub', null)).toBe(false)
    expect(governance.openProposals().map((one) => one.id)).toEqual([id])
  })

  it('submits once', () => {
    const id = governance.createProposal('trainer', [STATEMENT])
    expect(governance.submit(id, 1, BYTES)).toBe(true)
    expect(governance.submit(id, 2, Buffer.from('{}'))).toBe(false)
  })

  it('lets nobody change or delete a signature, submitted bytes or an ended proposal', () => {
    const id = governance.createProposal('trainer', [STATEMENT])
    governance.submit(id, 1, BYTES)
    signed(id)
    expect(() => database.exec("UPDATE approval_signature SET printed_name = 'x'")).toThrow(/never changed/)
    expect(() => database.exec('DELETE FROM approval_signature')).toThrow(/never deleted/)
    expect(() => database.exec('DELETE FROM proposal')).toThrow(/never deleted/)
    expect(() => database.exec("UPDATE proposal SET statements = '[]'")).toThrow(/never changed/)
    governance.close(id, 'rejected', 'clinical-approver', 'no')
    expect(() => database.exec("UPDATE proposal SET closed_reason = 'yes'")).toThrow(/never changed/)
  })

  it('keeps approvers with their sealed keys, one key and one record a person', () => {
    governance.addApprover(file)
    expect(governance.approvers()).toMatchObject([
      { person: 'clinical-approver', keyid: file.keyid, keyFile: { keyid: file.keyid } },
    ])
    expect(() => governance.addApprover(file)).toThrow()
    expect(() => governance.addApprover({ ...file, person: 'somebody-else' })).toThrow(/UNIQUE/)
  })

  it.each([SQL_PROPOSAL, SQL_PROPOSALS_OF_DIGEST, SQL_SIGNATURES, SQL_OPEN_PROPOSALS])(
    'answers by index: %s',
    (sql) => {
      const parameters = sql.includes('?') ? ['x'] : []
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
      expect(plan.map((row) => row.detail).join('; ')).toMatch(/USING (?:COVERING )?(?:INDEX|PRIMARY KEY)/)
    },
  )
})
