import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../../foundation/database.ts'
import { silentLogger, systemClock, systemRandomness } from '../../foundation/index.ts'
import { freePort } from '../../transport/testing/free-port.ts'
import { AuditLog } from '../audit-log.ts'
import { MemoryLogStore } from '../log-store.ts'
import { AuditFeeds } from './audit-feeds.ts'
import { type AuditFeedSettings, auditFeedSettings } from './feed-settings.ts'
import { AUDIT_FEED_SCHEMA, SqliteFeedBook } from './sqlite-feed-book.ts'
import { SOURCE } from './testing/example-entries.ts'
import { HAS_RSYSLOG, makeIdentity, placesIn, RsyslogServer } from './testing/rsyslog-server.ts'

let folder = ''
let database: Database.Database
let log: AuditLog
let feeds: AuditFeeds | undefined
const stops: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-feeds-'))
  database = openDatabase({
    path: join(folder, 'feeds.db'),
    migrations: [{ number: 1, name: 'audit-feeds', sql: AUDIT_FEED_SCHEMA }],
  })
  log = new AuditLog({ origin: SOURCE.origin, store: new MemoryLogStore(), clock: systemClock })
})
afterEach(async () => {
  await feeds?.stop()
  feeds = undefined
  for (const stop of stops.splice(0).reverse()) await stop()
  database.close()
  await rm(folder, { recursive: true, force: true })
})

/** Adds entries to the log. */
function record(count: number): void {
  for (let entry = 0; entry < count; entry += 1)
    log.append({ event: 'study.read', actor: { kind: 'person', id: 'operator' }, subject: null, outcome: 'success' })
}

async function tell(settings: readonly object[]): Promise<AuditFeeds> {
  const parsed: readonly AuditFeedSettings[] = auditFeedSettings.parse(settings)
  feeds = new AuditFeeds({
    log,
    feeds: new SqliteFeedBook(database),
    settings: () => parsed,
    source: SOURCE,
    clock: systemClock,
    randomness: systemRandomness,
    logger: silentLogger,
  })
  await feeds.start()
  return feeds
}

/** Waits until the repository has everything. */
function settled(told: AuditFeeds): Promise<unknown> {
  return vi.waitFor(() => expect(told.states()[0]).toMatchObject({ waiting: 0, failure: null }), {
    timeout: 30_000,
    interval: 100,
  })
}

describe.skipIf(!HAS_RSYSLOG)('a real syslog server (needs rsyslogd with gtls)', () => {
  it('receives every entry once and in order, also those from while it was away', { timeout: 120_000 }, async () => {
    const identity = await makeIdentity(folder)
    const port = await freePort()
    record(450)
    const told = await tell([
      { kind: 'syslog', name: 'repository', host: 'localhost', port, authoritiesFile: identity.ca },
    ])
    await vi.waitFor(() => expect(told.states()[0]?.failure).toBe('unreachable'), { timeout: 20_000 })

    const first = await RsyslogServer.start(folder, port, identity)
    stops.push(() => first.stop())
    await settled(told)
    await first.stop()
    record(250)
    await vi.waitFor(() => expect(told.states()[0]?.failure).not.toBeNull(), { timeout: 20_000 })
    const server = await RsyslogServer.start(folder, port, identity)
    stops.push(() => server.stop())
    await settled(told)

    const lines = await vi.waitFor(
      async () => {
        const received = (await readFile(identity.output, 'utf8')).trim().split('\n')
        expect(received.length).toBeGreaterThanOrEqual(700)
        return received
      },
      { timeout: 20_000 },
    )
    expect(placesIn(lines)).toEqual(Array.from({ length: 700 }, (_, place) => place))
    expect(lines[0]).toContain('<AuditMessage><EventIdentification EventActionCode="R"')
  })

  it('is not told anything when its certificate is not the one that we trust', { timeout: 60_000 }, async () => {
    const [identity, stranger] = [await makeIdentity(folder), await makeIdentity(folder)]
    const port = await freePort()
    const server = await RsyslogServer.start(folder, port, identity)
    stops.push(() => server.stop())
    record(1)
    const told = await tell([
      { kind: 'syslog', name: 'repository', host: 'localhost', port, authoritiesFile: stranger.ca },
    ])
    await vi.waitFor(() => expect(told.states()[0]).toMatchObject({ failure: 'tls', waiting: 1 }), {
      timeout: 20_000,
    })
  })
})

describe('a FHIR server', () => {
  it('receives every entry in order; what it did not answer comes again', { timeout: 60_000 }, async () => {
    const received: string[] = []
    let asked = 0
    const server: Server = createServer((request, answer) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        asked += 1
        if (asked === 30) answer.writeHead(503).end()
        else if (asked === 60) request.socket.destroy()
        else {
          received.push(Buffer.concat(pieces).toString())
          answer.writeHead(201).end()
        }
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(async () => {
      server.closeAllConnections()
      server.close()
    })
    record(100)
    const { port } = server.address() as AddressInfo
    await settled(await tell([{ kind: 'fhir', name: 'repository', url: `http://127.0.0.1:${port}/fhir` }]))
    const places = received.map(
      (body) =>
        (JSON.parse(body) as { entity: { what: { identifier: { value: string } } }[] }).entity.at(-1)?.what.identifier
          .value,
    )
    expect(places).toEqual(Array.from({ length: 100 }, (_, place) => String(place)))
  })

  it('that refuses an entry is not told later ones', { timeout: 60_000 }, async () => {
    const server = createServer((request, answer) => {
      request.resume()
      answer.writeHead(422).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(async () => {
      server.closeAllConnections()
      server.close()
    })
    record(3)
    const { port } = server.address() as AddressInfo
    const told = await tell([
      { kind: 'fhir', name: 'repository', url: `http://127.0.0.1:${port}`, alarmAfterSeconds: 1 },
    ])
    await vi.waitFor(() => expect(told.states()[0]).toMatchObject({ failure: 'refused', waiting: 3, isLate: true }), {
      timeout: 20_000,
    })
  })
})

describe('settings', () => {
  it('refuse a token over plain HTTP, half an identity, and two feeds of one name', () => {
    const fhir = { kind: 'fhir', name: 'one', url: 'http://audit.example/fhir' }
    const syslog = { kind: 'syslog', name: 'one', host: 'audit.example' }
    expect(auditFeedSettings.safeParse([{ ...fhir, bearerFile: '/token' }]).success).toBe(false)
    expect(auditFeedSettings.safeParse([{ ...syslog, keyFile: '/key' }]).success).toBe(false)
    expect(auditFeedSettings.safeParse([fhir, syslog]).success).toBe(false)
    expect(auditFeedSettings.safeParse([fhir, { ...syslog, name: 'two' }]).success).toBe(true)
  })
})
