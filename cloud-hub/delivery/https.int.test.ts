import 'reflect-metadata'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { FileHighWaterMarks, HttpFetcher, UpdateClient, type UpdateOutcome } from '@leadglass/sync-agent/updates'
import * as x509 from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHub, type HubFixture, release } from './testing/hub-fixture.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

let folder = ''
let hub: HubFixture
let server: Server
let ca = ''
let otherCa = ''
let url = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-https-'))
  hub = await createHub(folder)
  await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
  const own = await issue()
  const other = await issue()
  ca = own.ca
  otherCa = other.ca
  server = createServer({ key: own.key, cert: own.certificate }, (request, response) => {
    const path = (request.url ?? '').replace(/^\/delivery\//, '')
    readFile(join(folder, 'repository', path)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/delivery`
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  hub.database.close()
  await rm(folder, { recursive: true, force: true })
})

function refresh(site: string, authority: string): Promise<UpdateOutcome> {
  return new UpdateClient({
    fetcher: new HttpFetcher({ repositoryUrl: url, ca: authority, idleTimeoutMs: 5000 }),
    stateFolder: join(folder, site, 'state'),
    kitFolder: join(folder, site, 'kit'),
    initialRoot: hub.root,
    policy: hub.policy,
    highWaterMarks: new FileHighWaterMarks({ folder: join(folder, site, 'state'), logger: silentLogger }),
    clock: hub.clock,
    logger: silentLogger,
  }).refresh()
}

describe('an update over https', () => {
  it('is taken from a server whose certificate our authority issued', async () => {
    const outcome = await refresh('right', ca)
    expect(outcome.kind === 'verified' && outcome.releases.map((one) => one.model.version)).toEqual(['1.0.0'])
  })

  it('is unreachable, and said to be so because of the certificate, under another authority', async () => {
    expect(await refresh('wrong', otherCa)).toMatchObject({ kind: 'unreachable', reason: 'tls' })
  })
})

/** An authority and a certificate for 127.0.0.1 by it, PEM. */
async function issue(): Promise<{ ca: string; key: string; certificate: string }> {
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
  const authority = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...dates,
    serialNumber: '01',
    name: 'CN=Test authority',
    keys: authority,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  })
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    ...dates,
    serialNumber: '02',
    subject: 'CN=hub',
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    ca: root.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    certificate: certificate.toString('pem'),
  }
}
