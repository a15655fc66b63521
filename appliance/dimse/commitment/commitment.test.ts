import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, writeDataSet } from '../../imaging/dataset/index.ts'
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from '../facts/uids.ts'
import { decodeCommandSet, ELEMENT } from '../message/command-set.ts'
import {
  actionRequest,
  COMMAND,
  cancelRequest,
  eventReportRequest,
  findRequest,
  getRequest,
  hasDataSet,
  moveRequest,
} from '../message/commands.ts'
import { instancesOf, references, uids } from '../testing/references.ts'
import {
  eventTypeOf,
  readCommitmentReport,
  readCommitmentRequest,
  writeCommitmentReport,
  writeCommitmentRequest,
} from './data-sets.ts'
import { failureReasonOf, outcomesOf, repetitionOf, reportBackoffMs, reportOf } from './rules.ts'
import { COMMITMENT_SCHEMA_SQL } from './schema.ts'
import {
  SELECT_DUE_REPORTS,
  SELECT_EXPIRED_REQUESTS,
  SELECT_OPEN_REQUEST,
  SELECT_OWED_REPORT,
  SELECT_REPORT_INSTANCES,
  SELECT_REQUEST_INSTANCES,
  SELECT_UNNOTICED_REQUESTS,
} from './sqlite-store.ts'

const CR = '1.2.840.10008.5.1.4.1.1.1'

describe('command sets of storage commitment, query and retrieve', () => {
  it('say what they were given', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff }), uids, uids, (messageId, sopClassUid, sopInstanceUid) => {
        const action = decodeCommandSet(actionRequest(messageId, sopClassUid, sopInstanceUid, 1))
        expect(action.number(ELEMENT.commandField)).toBe(COMMAND.action)
        expect(action.text(ELEMENT.requestedSopClassUid)).toBe(sopClassUid)
        expect(action.text(ELEMENT.requestedSopInstanceUid)).toBe(sopInstanceUid)
        expect(action.number(ELEMENT.actionTypeId)).toBe(1)
        const report = decodeCommandSet(eventReportRequest(messageId, sopClassUid, sopInstanceUid, 2))
        expect(report.number(ELEMENT.commandField)).toBe(COMMAND.eventReport)
        expect(report.text(ELEMENT.affectedSopInstanceUid)).toBe(sopInstanceUid)
        expect(report.number(ELEMENT.eventTypeId)).toBe(2)
        for (const [encode, field] of [
          [findRequest, COMMAND.find],
          [getRequest, COMMAND.get],
        ] as const) {
          const request = decodeCommandSet(encode(messageId, sopClassUid))
          expect(request.number(ELEMENT.commandField)).toBe(field)
          expect(request.number(ELEMENT.messageId)).toBe(messageId)
          expect(hasDataSet(request)).toBe(true)
        }
        const move = decodeCommandSet(moveRequest(messageId, sopClassUid, 'DESTINATION'))
        expect(move.text(ELEMENT.moveDestination)).toBe('DESTINATION')
        const cancel = decodeCommandSet(cancelRequest(messageId))
        expect(cancel.number(ELEMENT.messageIdBeingRespondedTo)).toBe(messageId)
        expect(hasDataSet(cancel)).toBe(false)
      }),
    )
  })
})

describe('action and event information', () => {
  it.each([EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN])('is read as it was written in %s', (syntax) => {
    fc.assert(
      fc.property(uids, fc.array(references, { minLength: 1, maxLength: 20 }), (transactionUid, instances) => {
        const bytes = concat(writeDataSet(writeCommitmentRequest(transactionUid, instances), syntax))
        expect(readCommitmentRequest(bytes, syntax)).toEqual({ kind: 'read', transactionUid, instances })
      }),
    )
    fc.assert(
      fc.property(uids, fc.array(references), fc.array(references), (transactionUid, committed, missing) => {
        const failed = missing.map((reference, index) => ({ ...reference, failureReason: 0x0110 + index }))
        const report = { transactionUid, committed, failed }
        const bytes = concat(writeDataSet(writeCommitmentReport(report), syntax))
        expect(readCommitmentReport(bytes, syntax)).toEqual({ kind: 'read', report })
        expect(eventTypeOf(report)).toBe(failed.length === 0 ? 1 : 2)
      }),
    )
  })

  it('gives a status for any bytes, and never throws', () => {
    const whole = concat(writeDataSet(writeCommitmentRequest('2.25.1', instancesOf(5)), EXPLICIT_VR_LITTLE_ENDIAN))
    const damaged = fc
      .array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(whole)
        for (const [at, byte] of changes) bytes[at] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        for (const read of [readCommitmentRequest, readCommitmentReport]) {
          const result = read(bytes, EXPLICIT_VR_LITTLE_ENDIAN)
          if (result.kind === 'refused') expect([0x0115, 0x0213]).toContain(result.status)
        }
      }),
      { numRuns: 1000 },
    )
    expect(readCommitmentRequest(whole.subarray(0, 60), EXPLICIT_VR_LITTLE_ENDIAN)).toMatchObject({ status: 0x0115 })
    expect(readCommitmentRequest(undefined, EXPLICIT_VR_LITTLE_ENDIAN)).toMatchObject({ status: 0x0213 })
  })

  it('refuses more references than are taken at once', () => {
    const bytes = concat(writeDataSet(writeCommitmentRequest('2.25.1', instancesOf(50_001)), EXPLICIT_VR_LITTLE_ENDIAN))
    expect(readCommitmentRequest(bytes, EXPLICIT_VR_LITTLE_ENDIAN)).toMatchObject({ kind: 'refused', status: 0x0213 })
  })
})

describe('rules of storage commitment', () => {
  it('give the reasons of PS3.3 C.14.1.1', () => {
    const reference = { sopClassUid: CR, sopInstanceUid: '1.2' }
    expect(failureReasonOf(reference, 'held')).toBeUndefined()
    expect(failureReasonOf(reference, 'not-held')).toBe(0x0112)
    expect(failureReasonOf(reference, 'other-class')).toBe(0x0119)
    expect(failureReasonOf({ ...reference, sopClassUid: '1.2.840.10008.1.1' }, 'not-held')).toBe(0x0122)
  })

  it('tell a repeated request from a transaction UID that is in use', () => {
    const request = { requesterAeTitle: 'CT', instances: instancesOf(3) }
    expect(repetitionOf(request, undefined)).toBe('new')
    expect(repetitionOf(request, { ...request })).toBe('same-request')
    expect(repetitionOf(request, { ...request, requesterAeTitle: 'MR' })).toBe('duplicate-uid')
    expect(repetitionOf(request, { ...request, instances: instancesOf(2) })).toBe('duplicate-uid')
    expect(repetitionOf(request, { ...request, instances: instancesOf(4).slice(1) })).toBe('duplicate-uid')
  })

  it('judge every instance that was asked for, once, and no other', () => {
    fc.assert(
      fc.property(fc.array(references), fc.array(references), fc.array(references), (asked, committed, missing) => {
        const failed = missing.map((reference) => ({ ...reference, failureReason: 0x0112 }))
        const outcomes = outcomesOf(asked, { committed, failed })
        expect(outcomes).toHaveLength(asked.length)
        const has = (list: readonly { sopInstanceUid: string; sopClassUid: string }[], index: number) =>
          list.some(
            ({ sopClassUid, sopInstanceUid }) =>
              sopClassUid === asked[index]?.sopClassUid && sopInstanceUid === asked[index].sopInstanceUid,
          )
        for (const [index, { kind }] of outcomes.entries())
          expect(kind).toBe(has(failed, index) ? 'failed' : has(committed, index) ? 'committed' : 'unanswered')
      }),
    )
  })

  it('put each instance into one of the two lists of a report', () => {
    const [first, second] = instancesOf(2)
    if (first === undefined || second === undefined) throw new Error('no instances')
    expect(
      reportOf('2.25.1', [
        { reference: first, failureReason: undefined },
        { reference: second, failureReason: 0x0131 },
      ]),
    ).toEqual({ transactionUid: '2.25.1', committed: [first], failed: [{ ...second, failureReason: 0x0131 }] })
  })

  it('wait longer and longer, within bounds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
        const wait = reportBackoffMs(attempts, chance)
        expect(wait).toBeGreaterThanOrEqual(2500)
        expect(wait).toBeLessThanOrEqual(900_000)
        expect(reportBackoffMs(attempts + 1, chance)).toBeGreaterThanOrEqual(wait)
      }),
    )
  })
})

describe('the statements of the store', () => {
  const database = openDatabase({
    path: ':memory:',
    migrations: [{ number: 1, name: 'commitment', sql: COMMITMENT_SCHEMA_SQL }],
  })
  it.each([
    ['due reports', SELECT_DUE_REPORTS, 'commitment_report_due'],
    ['a transaction UID in use', SELECT_OWED_REPORT, 'commitment_report_in_use'],
    ['expired requests', SELECT_EXPIRED_REQUESTS, 'commitment_request_open'],
    ['unnoticed requests', SELECT_UNNOTICED_REQUESTS, 'commitment_request_unnoticed'],
    ['an open request', SELECT_OPEN_REQUEST, 'sqlite_autoindex_commitment_request_1'],
    ['instances of a report', SELECT_REPORT_INSTANCES, 'PRIMARY KEY'],
    ['instances of a request', SELECT_REQUEST_INSTANCES, 'PRIMARY KEY'],
  ])('find %s by an index', (_, sql, index) => {
    const parameters = [...sql.matchAll(/\?/g)].map(() => 1)
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
    const detail = plan.map((step) => step.detail).join('; ')
    expect(detail).toContain(index)
    expect(detail).not.toContain('TEMP B-TREE')
  })
})
