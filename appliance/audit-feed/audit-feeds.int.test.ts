import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditLog, MemoryLogStore } from '@leadglass/sync-agent/audit-log'
import { silentLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { openRecords, type Records } from '../records/index.ts'
import { type AuditFeedSettings, auditFeeds } from '../settings-audit.ts'
import { AuditFeeds } from './audit-feeds.ts'
import { SOURCE } from './testing/example-entries.ts'

const rsyslogd = peer('rsyslogd')
const openssl = peer('openssl')

let folder = ''
let records: Records
let log: AuditLog
let feeds: AuditFeeds | undefined
const stops: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-feeds-'))
  records = openRecords(join(folder, 'records.db'), new Uint8Array(32).fill(7))
  log = new AuditLog({ origin: SOURCE.origin, store: new MemoryLogStore(), clock: systemClock })
})
afterEach(async () => {
  await feeds?.stop()
  feeds = undefined
  for (const stop of stops.splice(0).reverse()) await stop()
  records.close()
  await rm(folder, { recursive: true, force: true })
})

/** Adds entries to the log. */
function record(count: number): void {
  for (let entry = 0; entry < count; entry += 1)
    log.append({ event: 'study.read', actor: { kind: 'person', id: 'operator' }, subject: null, outcome: 'success' })
}

async function tell(settings: readonly object[]): Promise<AuditFeeds> {
  const parsed: readonly AuditFeedSettings[] = auditFeeds.parse(settings)
  feeds = new AuditFeeds({
    log,
    feeds: records.feeds,
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

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe.skipIf(rsyslogd === undefined || openssl === undefined)(
  'a real syslog server (needs rsyslogd with gtls)',
  () => {
    it('receives every entry once and in order, also those from while it was away', { timeout: 120_000 }, async () => {
      const identity = await makeIdentity()
      const port = await freePort()
      record(450)
      const told = await tell([
        { kind: 'syslog', name: 'repository', host: 'localhost', port, authoritiesFile: identity.ca },
      ])
      await vi.waitFor(() => expect(told.states()[0]?.failure).toBe('unreachable'), { timeout: 20_000 })

      const first = await startRsyslog(port, identity)
      await settled(told)
      await stop(first)
      record(250)
      await vi.waitFor(() => expect(told.states()[0]?.failure).not.toBeNull(), { timeout: 20_000 })
      await startRsyslog(port, identity)
      await settled(told)

      const lines = await vi.waitFor(
        async () => {
          const received = (await readFile(identity.output, 'utf8')).trim().split('\n')
          expect(received.length).toBeGreaterThanOrEqual(700)
          return received
        },
        { timeout: 20_000 },
      )
      const places = lines.map((line) => Number(/audit#(\d+)"/.exec(line)?.[1]))
      expect(places).toEqual(Array.from({ length: 700 }, (_, place) => place))
      expect(lines[0]).toContain('<AuditMessage><EventIdentification EventActionCode="R"')
    })

    it('is not told anything when its certificate is not the one that we trust', { timeout: 60_000 }, async () => {
      const [identity, stranger] = [await makeIdentity(), await makeIdentity()]
      const port = await freePort()
      await startRsyslog(port, identity)
      record(1)
      const told = await tell([
        { kind: 'syslog', name: 'repository', host: 'localhost', port, authoritiesFile: stranger.ca },
      ])
      await vi.waitFor(() => expect(told.states()[0]).toMatchObject({ failure: 'tls', waiting: 1 }), {
        timeout: 20_000,
      })
    })
  },
)

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
    expect(auditFeeds.safeParse([{ ...fhir, bearerFile: '/token' }]).success).toBe(false)
    expect(auditFeeds.safeParse([{ ...syslog, keyFile: '/key' }]).success).toBe(false)
    expect(auditFeeds.safeParse([fhir, syslog]).success).toBe(false)
    expect(auditFeeds.safeParse([fhir, { ...syslog, name: 'two' }]).success).toBe(true)
  })
})

interface Identity {
  readonly ca: string
  readonly key: string
  readonly certificate: string
  readonly output: string
}

/** A certificate of its own authority, for localhost. */
async function makeIdentity(): Promise<Identity> {
  const at = await mkdtemp(join(folder, 'identity-'))
  const [key, certificate] = [join(at, 'key.pem'), join(at, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...names]
  const [status] = (await once(spawn(openssl ?? '', args, { stdio: 'ignore' }), 'exit')) as [number]
  expect(status).toBe(0)
  return { ca: certificate, key, certificate, output: join(at, 'received.log') }
}

async function startRsyslog(port: number, { ca, key, certificate, output }: Identity): Promise<ChildProcess> {
  const configuration = join(folder, `rsyslog-${port}.conf`)
  await writeFile(
    configuration,
    `global(workDirectory="${folder}" maxMessageSize="64k" defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="${ca}" defaultNetstreamDriverCertFile="${certificate}" defaultNetstreamDriverKeyFile="${key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" port="${port}" address="127.0.0.1")
template(name="whole" type="string" string="%rawmsg%\\n")
action(type="omfile" file="${output}" template="whole" fileOwner="root" asyncWriting="off" flushOnTXEnd="on")
`,
  )
  const child = spawn(rsyslogd ?? '', ['-n', '-f', configuration, '-i', join(folder, `rsyslog-${port}.pid`)], {
    stdio: 'ignore',
  })
  stops.push(() => stop(child))
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
