import { type AuditEventInput, encodeEvent } from '@leadglass/sync-agent/audit-log'
import { expect, it } from 'vitest'
import { answeredServices } from './answered-services.ts'
import type {
  CommitmentRequest,
  MessageRefusal,
  NetworkServices,
  ProcedureStepChange,
  QueryMatch,
  ReportChannel,
  StudyQuery,
} from './dimse/index.ts'

const association = { associationId: '00000000-0000-4000-8000-000000000001' } as StudyQuery['association']
const REFUSAL = { kind: 'refused', status: 0xa700, comment: '' } as const
const MATCH = { kind: 'match', identifier: {}, optionalKeysIgnored: false } as QueryMatch

function over(services: NetworkServices) {
  const said: string[] = []
  const settled: string[] = []
  const recordNow = (event: AuditEventInput): void => {
    encodeEvent(event, 0)
    said.push([event.event, event.outcome, ...(event.codes ?? [])].join(' '))
  }
  const answered = answeredServices(services, { settle: () => void settled.push('settled'), audit: { recordNow } })
  return { said, settled, answered }
}

it('says of each C-FIND how it ended and with how many matches, and nothing of what was asked', async () => {
  const matches: QueryMatch[] = [MATCH, MATCH, MATCH]
  const { said, settled, answered } = over({ query: { find: () => matches } })
  const ask = () => answered.query?.find({ association, identifier: {} } as StudyQuery) as AsyncIterable<QueryMatch>
  for await (const _ of ask());
  for await (const _ of ask()) break
  matches.splice(1, 2, REFUSAL)
  for await (const _ of ask());
  expect(said).toEqual([
    'query.answered success complete matches-3',
    'query.answered failure broken-off matches-1',
    'query.answered refused declined matches-1',
  ])
  expect(settled).toHaveLength(3)
})

it('says whether storage commitment was taken or declined, and for how many instances', async () => {
  let answer: 'accepted' | typeof REFUSAL = 'accepted'
  const { said, answered } = over({ commitment: { request: async () => answer } })
  const request = { association, transactionUid: '2.25.1', instances: [{}, {}] } as unknown as CommitmentRequest
  expect(await answered.commitment?.request(request, {} as ReportChannel)).toBe('accepted')
  answer = REFUSAL
  expect(await answered.commitment?.request(request, {} as ReportChannel)).toBe(REFUSAL)
  expect(said).toEqual([
    'commitment.answered success accepted instances-2',
    'commitment.answered refused declined instances-2',
  ])
})

it('says what a procedure step came to, also when it is declined, and asks the settings each time', () => {
  const set: MessageRefusal[] = [{ kind: 'refused', status: 0x0112, comment: '' }]
  let isOn = true
  const { said, answered } = over({
    get procedureSteps() {
      return isOn ? { create: () => 'accepted' as const, set: () => set.shift() ?? ('accepted' as const) } : undefined
    },
  })
  const change = (status: ProcedureStepChange['status'], instances?: string[]): ProcedureStepChange => ({
    association,
    sopInstanceUid: '1.2',
    status,
    instances,
  })
  const steps = answered.procedureSteps
  expect(steps?.create({ association, sopInstanceUid: '1.2', studyInstanceUids: ['1.3'] })).toBe('accepted')
  expect(steps?.set(change('COMPLETED', ['1.4', '1.5']))).toMatchObject({ status: 0x0112 })
  expect(steps?.set(change('IN PROGRESS'))).toBe('accepted')
  expect(steps?.set(change(undefined, ['1.4']))).toBe('accepted')
  expect(said).toEqual([
    'procedure-step.reported success created',
    'procedure-step.reported refused completed instances-2 status-0112',
    'procedure-step.reported success in-progress',
    'procedure-step.reported success changed instances-1',
  ])
  isOn = false
  expect(answered.procedureSteps).toBeUndefined()
  expect(answered.availability).toBeUndefined()
})
