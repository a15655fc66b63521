import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Authority } from '../dimse/testing/authority.ts'
import { parsePart10 } from '../imaging/dataset/index.ts'
import { type Destination, settingsSchema } from '../settings.ts'
import type { Report } from './composite-object.ts'
import { FhirSender } from './fhir-sender.ts'
import { askOverHttp } from './http-client.ts'
import { findsOverHttp } from './http-finder.ts'
import { buildMeasurementReport } from './measurement-report.ts'
import type { SendResult } from './retry.ts'
import { buildSecondaryCapture } from './secondary-capture.ts'
import { exampleRequest } from './testing/example-reports.ts'
import { FhirServer } from './testing/fhir-server.ts'
import { buildWithdrawalNote } from './withdrawal-note.ts'

const request = exampleRequest(1)
const report = buildMeasurementReport(request)

describe('results over FHIR', () => {
  let server: FhirServer
  let folder: string
  const sender = new FhirSender()
  const destination = (more: Readonly<Record<string, unknown>> = {}): Destination => {
    const entry = { name: 'ehr', protocol: 'fhir', url: server.url, ...more }
    const [found] = settingsSchema.parse({ destinations: [entry] }).destinations
    if (found === undefined) throw new Error('no destination')
    return found
  }
  const send = async (one: Report, to = destination()): Promise<SendResult[]> => {
    const results: SendResult[] = []
    await sender.send(to, [{ ...one, content: one.bytes }], (_, result) => results.push(result))
    return results
  }

  beforeEach(async () => {
    server = new FhirServer()
    await server.start()
    folder = await mkdtemp(join(tmpdir(), 'leadglass-fhir-'))
  })
  afterEach(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('puts the same resources however often it is sent', async () => {
    expect(await send(report)).toEqual([{ kind: 'accepted', status: 0 }])
    const first = [...server.resources].map(([key, { resource }]) => [key, resource])
    expect(await send(report)).toEqual([{ kind: 'accepted', status: 0 }])
    expect([...server.resources].map(([key, { resource }]) => [key, resource])).toEqual(first)
    expect([...server.resources.keys()].map((key) => key.split('/')[0])).toEqual(['Observation', 'DiagnosticReport'])
  })

  it('is found once it is there, and not before', async () => {
    const place = { ...report, studyInstanceUid: request.studyInstanceUid, seriesInstanceUid: '1.2' }
    expect(await findsOverHttp(destination(), place)).toBe(false)
    await send(report)
    expect(await findsOverHttp(destination(), place)).toBe(true)
    server.refusal = 503
    await expect(findsOverHttp(destination(), place)).rejects.toMatchObject({ code: 'destination-unreached' })
    server.refusal = 401
    await expect(findsOverHttp(destination(), place)).rejects.toMatchObject({ code: 'destination-refused' })
  })

  it('takes back what a rejection note rejects, and leaves what is not there', async () => {
    await send(report)
    const withdrawn = { ...report, dataSet: parsePart10(report.bytes).dataSet }
    const { source, studyInstanceUid, device, date, time } = request
    const title = { value: '113001', scheme: 'DCM', meaning: 'Rejected for Quality Reasons' }
    const note = buildWithdrawalNote({
      source,
      studyInstanceUid,
      revision: 2,
      title,
      results: [withdrawn, { ...withdrawn, sopInstanceUid: '2.25.77' }],
      device,
      date,
      time,
    })
    expect(await send(note)).toEqual([{ kind: 'accepted', status: 0 }])
    const held = server.resources.get(`DiagnosticReport/${report.sopInstanceUid}`)
    expect(held?.resource).toMatchObject({ status: 'entered-in-error', conclusion: 'AI result, not for diagnosis' })
    expect(server.resources.has('DiagnosticReport/2.25.77')).toBe(false)
  })

  it('says what failed: the answer, the connection, the token, or that a picture has no form', async () => {
    server.refusal = 422
    expect(await send(report)).toEqual([{ kind: 'failed', code: 'http-422' }])
    server.refusal = undefined
    expect(await send(buildSecondaryCapture(request))).toEqual([{ kind: 'failed', code: 'no-resource' }])
    expect(await send(report, destination({ url: 'http://127.0.0.1:1/fhir' }))).toEqual([
      { kind: 'failed', code: 'http-unreachable' },
    ])
    const withToken = { ...destination(), bearerFile: join(folder, 'token') }
    expect(await send(report, withToken)).toEqual([{ kind: 'failed', code: 'http-secret' }])
    expect(server.resources.size).toBe(0)
  })

  it('sends the token of the file as it is now, and the headers of the settings', async () => {
    const to = { ...destination({ headers: { 'X-Tenant': 'radiology' } }), bearerFile: join(folder, 'token') }
    for (const token of ['first-token', 'renewed-token']) {
      await writeFile(to.bearerFile, `${token}\n`)
      expect(await sender.probe(to)).toBeUndefined()
      expect(server.seen.authorization).toBe(`Bearer ${token}`)
      expect(server.seen['x-tenant']).toBe('radiology')
    }
    await writeFile(to.bearerFile, 'no token\r\nX-Injected: yes')
    expect(await sender.probe(to)).toBe('http-secret')
  })

  it('reads no answer without end', async () => {
    const limits = { idleMs: 1000, wholeMs: 1000, answerBytes: 10 }
    const get = { method: 'GET', path: '/metadata', accept: 'application/fhir+json' } as const
    expect(await askOverHttp(destination(), get, limits)).toEqual({ kind: 'failed', code: 'http-answer' })
  })

  it('speaks TLS with whom the named authority signed, and with nobody else', async () => {
    const authority = new Authority('Hospital CA')
    const stranger = new Authority('Other CA')
    authority.sign('server', '/O=Hospital/CN=ehr')
    const identity = { key: authority.text('server', 'key'), cert: authority.text('server', 'crt') }
    const secure = createServer(identity, (_request, response) => response.end('{}'))
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/fhir`
    try {
      expect(await sender.probe(destination({ url, caFile: authority.path('Hospital CA', 'crt') }))).toBeUndefined()
      expect(await sender.probe(destination({ url, caFile: stranger.path('Other CA', 'crt') }))).toBe('http-tls')
      expect(await sender.probe(destination({ url }))).toBe('http-tls')
      expect(await sender.probe(destination({ url, caFile: join(folder, 'absent.pem') }))).toBe('http-secret')
    } finally {
      secure.closeAllConnections()
      secure.close()
      authority.remove()
      stranger.remove()
    }
  })
})
