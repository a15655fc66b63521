import type { ReleaseStatement } from '@leadglass/sync-agent/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Act, approvalState, mayAct, type ProposalFacts } from './approval.ts'

const POLICY = { minimumApprovals: 2, requiredRoles: ['clinical' as const, 'technical' as const] }
const STATEMENT: ReleaseStatement = {
  schema: 'leadglass.release/1',
  model: { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) },
  releaseCounter: 1,
  author: 'trainer',
  signoffs: [
    { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
    { person: 'technical-approver', role: 'technical', meaning: 'review' },
  ],
  rollbackOf: null,
}
const CLINICAL = { person: 'clinical-approver', role: 'clinical' as const }
const TECHNICAL = { person: 'technical-approver', role: 'technical' as const }

function facts(change: Partial<ProposalFacts> = {}): ProposalFacts {
  return { author: 'submitter', statements: [STATEMENT], submitted: true, closed: null, signatures: [], ...change }
}

describe('approvalState', () => {
  it.each([
    ['draft', { submitted: false }],
    ['submitted', {}],
    ['partially-signed', { signatures: [CLINICAL] }],
    ['approved', { signatures: [CLINICAL, TECHNICAL] }],
    ['published', { signatures: [CLINICAL, TECHNICAL], closed: 'published' }],
    ['rejected', { signatures: [CLINICAL], closed: 'rejected' }],
    ['withdrawn', { submitted: false, closed: 'withdrawn' }],
    ['superseded', { closed: 'superseded' }],
  ] as const)('is %s', (state, change) => {
    expect(approvalState(facts(change), POLICY)).toBe(state)
  })

  it.each([
    ['one person in both roles', [CLINICAL, { ...CLINICAL, role: 'technical' as const }]],
    ['one role twice', [TECHNICAL, { ...TECHNICAL, person: 'second-technical-approver' }]],
    ['the author and one other', [{ person: 'trainer', role: 'clinical' as const }, TECHNICAL]],
    ['the submitter and one other', [{ person: 'submitter', role: 'clinical' as const }, TECHNICAL]],
  ])('is not approved by %s', (_name, signatures) => {
    expect(approvalState(facts({ signatures }), POLICY)).toBe('partially-signed')
  })
})

describe('mayAct', () => {
  const sign = (change: Partial<Extract<Act, { kind: 'sign' }>> = {}): Act => ({
    kind: 'sign',
    ...CLINICAL,
    meaning: 'approval',
    ...change,
  })

  it.each([
    ['the person named', sign(), 'allowed'],
    ['the author', sign({ person: 'trainer' }), 'author-may-not-approve'],
    ['the submitter', sign({ person: 'submitter' }), 'author-may-not-approve'],
    ['a stranger', sign({ person: 'stranger' }), 'not-named-as-approver'],
    ['another role', sign({ role: 'technical' }), 'wrong-role'],
    ['another meaning', sign({ meaning: 'review' }), 'wrong-meaning'],
  ])('answers a signature by %s', (_name, act, expected) => {
    const outcome = mayAct(facts(), act, POLICY)
    expect(outcome.kind === 'allowed' ? 'allowed' : outcome.reason).toBe(expected)
  })

  it('takes one signature of a person', () => {
    expect(mayAct(facts({ signatures: [CLINICAL] }), sign(), POLICY)).toEqual({
      kind: 'refused',
      reason: 'already-signed',
    })
  })

  it('publishes nothing but what is approved', () => {
    expect(mayAct(facts({ signatures: [CLINICAL] }), { kind: 'publish' }, POLICY).kind).toBe('refused')
    expect(mayAct(facts({ signatures: [CLINICAL, TECHNICAL] }), { kind: 'publish' }, POLICY).kind).toBe('allowed')
  })

  it('allows nothing on a proposal that has ended', () => {
    const acts: Act[] = [
      { kind: 'submit', person: 'submitter' },
      sign(),
      { kind: 'reject', person: 'clinical-approver', reason: 'no' },
      { kind: 'withdraw', person: 'submitter' },
      { kind: 'publish' },
    ]
    const closings = fc.constantFrom('published', 'rejected', 'withdrawn', 'superseded')
    fc.assert(
      fc.property(closings, fc.constantFrom(...acts), fc.boolean(), (closed, act, submitted) => {
        const ended = facts({ closed, submitted, signatures: [CLINICAL, TECHNICAL] })
        expect(mayAct(ended, act, POLICY)).toEqual({ kind: 'refused', reason: 'wrong-state' })
      }),
    )
  })
})
