import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { encodeVerifierKey, SIGNATURE_TYPE, verifierKeyOf } from '@leadglass/sync-agent/audit-log'
import {
  type DesiredSections,
  type ReportedDocument,
  type ReportedState,
  reportedChain,
  reportedChanges,
  reportedStatement,
  unpackDesired,
} from '@leadglass/sync-agent/contract'
import type { Sha256Hex } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePayload } from '../ingest/index.ts'
import { isOnPostgres } from '../testing/databases.ts'
import { device, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { DesiredBook, NEWEST_DOCUMENT, NEWEST_EDIT } from './desired-book.ts'
import { differences } from './desired-rules.ts'
import { ReportedBook } from './reported-book.ts'

const BOX = device('box-01')
const OTHER = device('box-02')
const AT_NIGHT: DesiredSections = { schedules: { 'retention.windowMinutes': 30 } }

let core: HubCore
let book: DesiredBook
let reported: ReportedBook
let key: KeyObject
let sequence: number

beforeEach(async () => {
  core = await createHubCore()
  book = new DesiredBook(core.database, core.clock)
  reported = new ReportedBook(core.database)
  key = generateKeyPairSync('ed25519').privateKey
  sequence = 0
  for (const name of [BOX, OTHER]) await core.enrolment.enrol(name)
  const origin = `leadglass/${BOX}/audit`
  core.enrolment.pinAuditLogKey(BOX, encodeVerifierKey(verifierKeyOf(origin, key, SIGNATURE_TYPE.ed25519)))
})
afterEach(() => core.close())

const wish = (sections: DesiredSections, expiresAt: string | null = null): readonly string[] => {
  const outcome = book.set({ scope: 'device', name: BOX }, sections, expiresAt, 'mlops', 'because')
  return outcome.kind === 'queued' ? outcome.devices : []
}

function stateWith(desired: ReportedDocument['desired']): ReportedDocument {
  return {
    software: { version: '1.0.0' },
    desired,
    settings: { version: 1, digest: null },
    models: [],
    hubMayDecide: ['schedules'],
  }
}

/** A device that reports: keeps its own chain. */
class Reporter {
  version = 0
  chain: Sha256Hex | null = null
  state: ReportedDocument | undefined

  next(state: ReportedDocument, options: { full?: boolean; key?: KeyObject; version?: number } = {}): ReportedState {
    const version = options.version ?? this.version + 1
    const full = options.full ?? this.state === undefined
    const previous = this.chain
    const chain = reportedChain(BOX, version, previous, state)
    const changes = full ? state : reportedChanges(this.state, state)
    const signature = sign(null, reportedStatement(BOX, version, chain), options.key ?? key).toString('base64')
    this.version = version
    this.chain = chain
    this.state = state
    return { kind: 'reported-state', version, full, previous, chain, changes, signature }
  }
}

async function arrive(body: ReportedState): Promise<void> {
  sequence += 1
  const [result] = core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, [body], sequence)))])
  expect(result).toMatchObject({ outcome: 'committed', accepted: 1 })
}

const about = (
  state: 'delivered' | 'applied' | 'rejected',
  reason: string | null = null,
): ReportedDocument['desired'] => {
  const row = book.current(BOX)
  if (row === undefined) throw new Error('nothing is wished')
  const part = state === 'delivered' ? 'waiting' : state
  return {
    version: row.version,
    digest: row.digest as Sha256Hex,
    state,
    parts: [{ section: 'schedules', state: part, reason }],
  }
}

describe('what the hub wishes', () => {
  it('is a numbered document for each device, from its groups and its own, with a history', () => {
    expect(book.move('night', BOX, true)).toEqual({ kind: 'queued', devices: [] })
    const group = { scope: 'group', name: 'night' } as const
    expect(book.set(group, AT_NIGHT, null, 'mlops', 'all boxes')).toEqual({ kind: 'queued', devices: [BOX] })
    expect(wish({ deidentification: { profile: 'basic' } })).toEqual([BOX])
    expect(book.current(BOX)?.document).toMatchObject({
      version: 2,
      sections: { ...AT_NIGHT, deidentification: { profile: 'basic' } },
    })
    // What a device has for itself replaces the group's section whole.
    wish({ schedules: { 'retention.schedule': '0 1 * * *' } })
    expect(book.current(BOX)?.document.sections).toEqual({ schedules: { 'retention.schedule': '0 1 * * *' } })
    expect(book.history(group, 10).map(({ author, reason, sections }) => ({ author, reason, sections }))).toEqual([
      { author: 'mlops', reason: 'all boxes', sections: AT_NIGHT },
    ])
    expect(wish({ schedules: { 'retention.schedule': '0 1 * * *' } })).toEqual([])
    const delivered = book.delivery(BOX).document
    expect(delivered && unpackDesired(delivered)).toEqual(book.current(BOX)?.document)
    expect(book.delivery(OTHER)).toEqual({})
    expect(book.set({ scope: 'device', name: 'nobody' }, {}, null, 'mlops', 'x')).toEqual({ kind: 'unknown-device' })
  })

  it('is a command with a visible end: queued, delivered, applied', async () => {
    wish(AT_NIGHT)
    expect(book.current(BOX)).toMatchObject({ state: 'queued', deliveredAt: null })
    const box = new Reporter()
    await arrive(box.next(stateWith(null)))
    expect(book.current(BOX)?.state).toBe('queued')
    await arrive(box.next(stateWith(about('delivered'))))
    expect(book.current(BOX)).toMatchObject({ state: 'delivered', endedAt: null })
    await arrive(box.next(stateWith(about('applied'))))
    expect(book.current(BOX)).toMatchObject({ state: 'applied' })
    const row = book.current(BOX)
    expect(differences(row?.document, row?.digest, reported.read(BOX)?.document)).toEqual([
      { section: 'schedules', state: 'applied', reason: null },
    ])
    // An end is an end: a late report of an earlier step changes nothing.
    await arrive(box.next(stateWith(about('delivered'))))
    expect(book.current(BOX)?.state).toBe('applied')
  })

  it('is rejected with the reason of the section', async () => {
    wish(AT_NIGHT)
    await arrive(new Reporter().next(stateWith(about('rejected', 'risk-not-accepted'))))
    expect(book.current(BOX)).toMatchObject({ state: 'rejected', reason: 'risk-not-accepted' })
  })

  it('expires with the device away, and gives way to a newer wish', () => {
    wish(AT_NIGHT, new Date(core.clock.now() + 60_000).toISOString())
    core.clock.advance(59_000)
    expect(book.current(BOX)?.state).toBe('queued')
    core.clock.advance(2000)
    expect(book.current(BOX)).toMatchObject({ state: 'expired', reason: 'not-applied-in-time' })
    wish({ schedules: { 'retention.windowMinutes': 10 } })
    wish({ schedules: { 'retention.windowMinutes': 20 } })
    expect(book.documents(BOX, 9).map(({ version, state, reason }) => [version, state, reason])).toEqual([
      [3, 'queued', null],
      [2, 'expired', 'superseded'],
      [1, 'expired', 'not-applied-in-time'],
    ])
  })

  // A plan is SQLite's own.
  it.skipIf(isOnPostgres)('finds its rows by index', () => {
    for (const [sql, parameters] of [
      [NEWEST_DOCUMENT, [BOX]],
      [NEWEST_EDIT, ['device', BOX]],
    ] as const) {
      const plan = core.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
      expect(plan.map((step) => step.detail).join('; ')).toMatch(/SEARCH/)
      expect(plan.map((step) => step.detail).join('; ')).not.toMatch(/SCAN|TEMP B-TREE/)
    }
  })
})

describe('what a device reports', () => {
  it('is put together from differences and believed by its signature only', async () => {
    const box = new Reporter()
    await arrive(box.next(stateWith(null)))
    const second = stateWith(null)
    await arrive(box.next({ ...second, hubMayDecide: [] }))
    expect(reported.read(BOX)).toMatchObject({ version: 2, refusal: null, document: { hubMayDecide: [] } })
    const stranger = generateKeyPairSync('ed25519').privateKey
    await arrive(box.next(second, { key: stranger }))
    expect(reported.read(BOX)).toMatchObject({ version: 2, refusal: 'signature', document: { hubMayDecide: [] } })
  })

  it('asks for the whole state after a gap, and takes no old report again', async () => {
    const box = new Reporter()
    const first = box.next(stateWith(null))
    await arrive(first)
    box.next({ ...stateWith(null), hubMayDecide: [] })
    await arrive(box.next(stateWith(null)))
    expect(reported.read(BOX)).toMatchObject({ version: 1, refusal: 'gap', resync: 2 })
    expect(book.delivery(BOX)).toEqual({ resync: 2 })
    expect(book.resyncs()).toEqual([{ device: BOX, resync: 2 }])
    await arrive(box.next({ ...stateWith(null), hubMayDecide: ['rules'] }, { full: true }))
    expect(reported.read(BOX)).toMatchObject({ version: 4, refusal: null, document: { hubMayDecide: ['rules'] } })
    await arrive({ ...first, full: true })
    expect(reported.read(BOX)).toMatchObject({ version: 4, refusal: 'gap' })
  })

  it('is refused when its chain is not that of the state', async () => {
    const box = new Reporter()
    const body = box.next(stateWith(null))
    await arrive({ ...body, changes: { ...body.changes, hubMayDecide: ['rules'] } })
    expect(reported.read(BOX)).toMatchObject({ version: 0, refusal: 'chain', document: undefined })
  })

  it('goes above what a device has seen, when the hub was restored from a backup', async () => {
    const heard = { version: 41, digest: 'ab'.repeat(32) as Sha256Hex, state: 'applied', parts: [] } as const
    await arrive(new Reporter().next(stateWith({ ...heard, parts: [] })))
    wish(AT_NIGHT)
    expect(book.current(BOX)?.version).toBe(42)
  })
})
