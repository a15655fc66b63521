import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditFeedList } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  HAS_RSYSLOG,
  makeIdentity,
  placesIn,
  RsyslogServer,
} from '../../sync-agent/audit-log/feed/testing/rsyslog-server.ts'
import { freePort } from '../../sync-agent/transport/testing/free-port.ts'
import { initialiseHub } from '../commands.ts'
import { HubProcess } from '../testing/hub-process.ts'

describe('feeds of the hub’s own log', () => {
  let folder: string
  let hub: HubProcess | undefined
  let fhir: Server | undefined
  let syslog: RsyslogServer | undefined

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-feeds-'))
    await initialiseHub({ folder, names: [] })
  })
  afterEach(async () => {
    await hub?.stop()
    fhir?.closeAllConnections()
    fhir?.close()
    await syslog?.stop()
    hub = fhir = syslog = undefined
    await rm(folder, { recursive: true, force: true })
  })

  const feeds = async () => auditFeedList.parse(await hub?.get('/api/audit/feeds')).feeds
  const settled = (): Promise<unknown> =>
    vi.waitFor(async () => expect(await feeds()).toMatchObject([{ waiting: 0, failure: null, late: false }]), {
      timeout: 20_000,
      interval: 200,
    })

  it.skipIf(!HAS_RSYSLOG)(
    'reach a real syslog server over TLS, from the first entry, also those from while it was away',
    { timeout: 60_000 },
    async () => {
      const [identity, port] = [await makeIdentity(folder), await freePort()]
      const feed = { kind: 'syslog', name: 'siem', host: 'localhost', port, authoritiesFile: identity.ca }
      hub = await HubProcess.start(folder, { auditFeeds: [feed] })
      await vi.waitFor(async () => expect(await feeds()).toMatchObject([{ failure: 'unreachable' }]), {
        timeout: 20_000,
        interval: 200,
      })
      syslog = await RsyslogServer.start(folder, port, identity)
      await settled()
      const lines = await vi.waitFor(async () => {
        const received = (await readFile(identity.output, 'utf8')).trim().split('\n')
        expect(received.some((line) => line.includes('csd-code="process.started"'))).toBe(true)
        return received
      })
      expect(placesIn(lines)).toEqual(lines.map((_, place) => place))
      expect(lines[0]).toContain('ParticipantObjectID="leadglass/hub/audit#0"')
      expect(lines[0]).toMatch(/^<8\d>1 \S+ hub leadglass - DICOM\+RFC3881 \[meta sequenceId="1"\] /)
    },
  )

  it('reach a FHIR server, and go on after a restart where they were', { timeout: 60_000 }, async () => {
    const received: { readonly entity: readonly { readonly what: { readonly identifier: { value: string } } }[] }[] = []
    fhir = createServer((request, answer) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        received.push(JSON.parse(Buffer.concat(pieces).toString()) as (typeof received)[number])
        answer.writeHead(201).end()
      })
    }).listen(0, '127.0.0.1')
    await once(fhir, 'listening')
    const { port } = fhir.address() as AddressInfo
    const settings = { auditFeeds: [{ kind: 'fhir', name: 'siem', url: `http://127.0.0.1:${port}/fhir` }] }
    hub = await HubProcess.start(folder, settings)
    await settled()
    await hub.stop()
    hub = await HubProcess.start(folder, settings)
    await settled()
    const places = received.map(({ entity }) => Number(entity.at(-1)?.what.identifier.value))
    expect(places.length).toBeGreaterThan(4)
    expect(places).toEqual(places.map((_, place) => place))
  })

  it('refuses a configuration that would send a token in plain', async () => {
    const feed = { kind: 'fhir', name: 'siem', url: 'http://siem.example/fhir', bearerFile: '/token' }
    await expect(HubProcess.start(folder, { auditFeeds: [feed] })).rejects.toThrow('before it was ready')
  })
})
