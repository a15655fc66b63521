import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import {
  deviceStatus,
  logExport,
  type SettingsPlan,
  settingsApplied,
  settingsHistory,
  settingsPlan,
  settingsView,
} from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { AssociationRequester } from '../dimse/index.ts'
import { Authority } from '../dimse/testing/authority.ts'
import { freePort } from '../dimse/testing/dcmtk.ts'
import { MIGRATIONS } from '../records/migrations/index.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'

describe.skipIf(peer('openssl') === undefined)('settings of a running appliance [needs openssl]', () => {
  let root: string
  let appliance: ApplianceProcess
  let hospital: Authority
  let tlsPort: number
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-settings-'))
    tlsPort = await freePort()
    hospital = new Authority('hospital')
    hospital.sign('box', '/O=Hospital/CN=box')
    hospital.sign('ct', '/O=Hospital/CN=ct-1')
    hospital.sign('mr', '/O=Hospital/CN=mr-1')
    appliance = new ApplianceProcess(root)
    await appliance.writeSettings({ callers: [] })
    await appliance.start()
  })
  afterAll(async () => {
    await appliance.kill()
    hospital.remove()
    await rm(root, { recursive: true, force: true })
  })

  const tls = () => ({
    mode: 'beside',
    port: tlsPort,
    keyFile: hospital.path('box', 'key'),
    certificateFile: hospital.path('box', 'crt'),
    authoritiesFile: hospital.path('hospital', 'crt'),
  })
  const post = async (path: string, body: unknown): Promise<Response> =>
    appliance.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const plan = async (settings: unknown): Promise<SettingsPlan> =>
    settingsPlan.parse(await (await post('/api/settings/plan', { settings })).json())
  const apply = async (settings: unknown, acceptRisks = true): Promise<number> => {
    const { base } = await plan(settings)
    const response = await post('/api/settings', { settings, base, acceptRisks })
    expect(response.status).toBe(200)
    return settingsApplied.parse(await response.json()).version
  }
  const view = () => appliance.get('/api/settings', settingsView)
  const echo = (callingAeTitle: string, identity?: string): Promise<unknown> =>
    new AssociationRequester().echo({
      host: '127.0.0.1',
      port: identity === undefined ? appliance.dimsePort : tlsPort,
      calledAeTitle: 'LEADGLASS',
      callingAeTitle,
      ...(identity === undefined
        ? {}
        : {
            tls: {
              key: hospital.text(identity, 'key'),
              certificate: hospital.text(identity, 'crt'),
              certificateAuthorities: [hospital.certificate],
              verifyHostName: true,
            },
          }),
    })
  const shownCertificate = async (): Promise<string> => {
    const socket = connect({
      host: '127.0.0.1',
      port: tlsPort,
      ca: hospital.certificate,
      key: hospital.text('ct', 'key'),
      cert: hospital.text('ct', 'crt'),
    })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return String(CN)
  }
  const callers = [
    { aeTitle: 'CT1', addresses: ['127.0.0.1'], certificate: { subjects: ['CN=ct-1,O=Hospital'] } },
    { aeTitle: 'PLAIN', addresses: ['127.0.0.0/8'] },
  ]

  it('plans TLS and bound callers, applies them without a restart, and holds to them', async () => {
    const wanted = { callers, tls: tls(), acceptLoopback: false }
    const planned = await plan(wanted)
    expect(planned).toMatchObject({ valid: true, faults: [] })
    expect(planned.changes.map(({ words }) => words)).toContain('CT1 may call, from 127.0.0.1, with its certificate')
    expect(planned.remarks.map(({ code }) => code)).toContain('tls-port-opens')
    expect((await view()).version?.version).toBe(1)
    await expect(echo('NOBODY')).resolves.toEqual({ status: 0 })

    expect(await apply(wanted)).toBe(2)
    await eventually(() => echo('CT1', 'ct').catch(() => undefined), 'TLS')
    await expect(echo('NOBODY')).rejects.toMatchObject({ code: 'association-rejected-permanent' })
    await expect(echo('PLAIN')).resolves.toEqual({ status: 0 })
    await expect(echo('CT1')).rejects.toMatchObject({ code: 'association-rejected-permanent' })
    await expect(echo('CT1', 'mr')).rejects.toMatchObject({ code: 'association-rejected-permanent' })
    const shown = await view()
    expect(shown.certificates.map(({ subject }) => subject)).toEqual(['CN=box,O=Hospital'])
    expect((await appliance.get('/api/device', deviceStatus)).dimseTlsPort).toBe(tlsPort)
    expect(JSON.parse(await readFile(appliance.folders.settings, 'utf8'))).toEqual(wanted)
  })

  it('takes a renewed certificate from its file, and keeps the old one while the pair is half renewed', async () => {
    expect(await shownCertificate()).toBe('box')
    hospital.sign('renewed', '/O=Hospital/CN=box-renewed')
    await copyFile(hospital.path('renewed', 'key'), hospital.path('box', 'key'))
    await eventually(
      async () => ((await appliance.get('/api/device', deviceStatus)).settingsProblems.length > 0 ? true : undefined),
      'the complaint',
    )
    expect(await shownCertificate()).toBe('box')
    await copyFile(hospital.path('renewed', 'crt'), hospital.path('box', 'crt'))
    await eventually(
      async () => ((await shownCertificate()) === 'box-renewed' ? true : undefined),
      'the new certificate',
    )
    expect((await view()).problems).toEqual([])
  })

  it('refuses what is not valid, what is stale, and risks that nobody accepted', async () => {
    const missing = await plan({ tls: { ...tls(), keyFile: '/nonexistent/key.pem' } })
    expect(missing).toMatchObject({ valid: false, faults: [{ where: 'tls' }] })
    expect(missing.faults[0]?.words).toContain('/nonexistent/key.pem cannot be read')
    expect(await plan({ callers: [{ aeTitle: 'far too long for a title', addresses: [] }] })).toMatchObject({
      valid: false,
    })

    const nobody = { acceptLoopback: false }
    const { base, remarks } = await plan(nobody)
    expect(remarks.map(({ code }) => code)).toEqual(expect.arrayContaining(['nobody-may-call', 'tls-removed']))
    const refusals = [
      [{ settings: nobody, base, acceptRisks: false }, 409, 'settings-risky'],
      [{ settings: nobody, base: 'a'.repeat(64), acceptRisks: true }, 409, 'settings-changed'],
      [{ settings: { callerz: [] }, base, acceptRisks: true }, 422, 'settings-invalid'],
    ] as const
    for (const [body, status, code] of refusals) {
      const response = await post('/api/settings', body)
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ error: { code } })
    }
    expect((await view()).version?.version).toBe(2)
  })

  it('takes an edit by hand, and keeps what is in force when an edit is not understood', async () => {
    await appliance.writeSettings({
      callers: [...callers, { aeTitle: 'HAND', addresses: ['127.0.0.1'] }],
      tls: tls(),
      acceptLoopback: false,
    })
    await eventually(async () => ((await view()).version?.version === 3 ? true : undefined), 'version 3')
    await expect(echo('HAND')).resolves.toEqual({ status: 0 })
    for (const bad of [
      '{ "callers": [',
      '{ "callerz": [] }',
      JSON.stringify({ tls: { ...tls(), keyFile: '/nonexistent' } }),
    ]) {
      const before = (await view()).problems[0]
      await writeFile(appliance.folders.settings, bad)
      await eventually(async () => {
        const [problem] = (await view()).problems
        return problem !== undefined && problem !== before ? true : undefined
      }, 'the complaint')
      await expect(echo('HAND')).resolves.toEqual({ status: 0 })
    }
    expect((await view()).version?.version).toBe(3)
    expect(await apply({ callers, tls: tls(), acceptLoopback: false })).toBe(4)
    expect((await view()).problems).toEqual([])
  })

  it('moves the TLS port, and makes the DICOM port itself speak TLS and plain again, without a restart', async () => {
    const old = tlsPort
    tlsPort = await freePort()
    await apply({ callers, tls: tls(), acceptLoopback: false })
    await eventually(() => echo('CT1', 'ct').catch(() => undefined), 'the new port')
    await expect(
      new AssociationRequester().echo({
        host: '127.0.0.1',
        port: old,
        calledAeTitle: 'LEADGLASS',
        callingAeTitle: 'PLAIN',
      }),
    ).rejects.toMatchObject({ code: 'connection-refused' })

    const planned = await plan({ callers, tls: { ...tls(), mode: 'only' }, acceptLoopback: false })
    expect(planned.remarks.map(({ code }) => code)).toContain('plain-port-closes')
    await apply({ callers, tls: { ...tls(), mode: 'only' }, acceptLoopback: false })
    const status = await eventually(async () => {
      const now = await appliance.get('/api/device', deviceStatus)
      return now.dimseTlsPort !== null && now.dimseTlsPort === now.dimsePort ? now : undefined
    }, 'TLS only')
    const moved = tlsPort
    tlsPort = status.dimsePort
    await expect(echo('CT1', 'ct')).resolves.toEqual({ status: 0 })
    await expect(echo('PLAIN')).rejects.toThrow()
    tlsPort = moved
  })

  it('keeps every version with its author, and each change and refusal in the audit log', async () => {
    const { versions } = await appliance.get('/api/settings/versions', settingsHistory)
    expect(versions.map(({ version, author }) => `${version} ${author}`)).toEqual([
      '6 operator',
      '5 operator',
      '4 operator',
      '3 file',
      '2 operator',
      '1 file',
    ])
    const events = (await appliance.get('/api/audit/export', logExport)).leaves.map(
      (leaf) =>
        JSON.parse(Buffer.from(leaf, 'base64').toString('utf8')) as { event: string; outcome: string; codes: string[] },
    )
    const changes = events.filter(({ event }) => event === 'setting.changed')
    expect(changes.filter(({ outcome }) => outcome === 'success')).toHaveLength(6)
    expect(changes.find(({ codes }) => codes.includes('version-2'))?.codes).toEqual(
      expect.arrayContaining(['callers', 'tls']),
    )
    expect(changes.filter(({ outcome }) => outcome === 'refused')).toHaveLength(3)
    const causes = events.filter(({ event }) => event === 'association.rejected').map(({ codes }) => codes[0])
    expect(causes).toEqual(expect.arrayContaining(['calling-ae-title', 'certificate', 'tls-handshake']))
  })

  it('finishes an application that was broken off before the file was replaced', async () => {
    await appliance.kill()
    const key = await readFile(appliance.folders.databaseKey)
    const database = openDatabase({ path: appliance.folders.records, key: keyBytes(key), migrations: MIGRATIONS })
    const content = JSON.stringify({ callers: [{ aeTitle: 'AFTER', addresses: ['127.0.0.1'] }], acceptLoopback: false })
    database
      .prepare(
        "INSERT INTO settings_version (digest, content, author, source, placed, at) VALUES (?, ?, 'operator', 'interface', 0, 0)",
      )
      .run('0'.repeat(64), content)
    database.close()
    await appliance.start()
    expect(await readFile(appliance.folders.settings, 'utf8')).toBe(content)
    await expect(echo('AFTER')).resolves.toEqual({ status: 0 })
    await expect(echo('PLAIN')).rejects.toMatchObject({ code: 'association-rejected-permanent' })
  })
})

/** The key file holds 32 bytes, or their hexadecimal digits. */
function keyBytes(file: Buffer): Uint8Array {
  return file.length === 32 ? file : Buffer.from(file.toString('utf8').trim(), 'hex')
}
