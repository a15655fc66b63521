import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { AssociationRequester } from '../requester/requester.ts'
import { freePort, runDcmtk, startPeer } from '../testing/dcmtk.ts'
import { startListener } from '../testing/listener.ts'

const openssl = peer('openssl')
const storescu = peer('storescu')
const file = sharedData('dicom/pydicom/CT_small.dcm')

/** A certificate authority and what it signed, as files and as texts. */
class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'leadglass-tls-'))
  readonly #name: string

  constructor(name: string) {
    this.#name = name
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.path(name, 'key'),
      '-out',
      this.path(name, 'crt'),
    )
  }

  path(name: string, kind: 'key' | 'crt' | 'csr' | 'ext'): string {
    return join(this.folder, `${name}.${kind}`)
  }

  text(name: string, kind: 'key' | 'crt'): string {
    return readFileSync(this.path(name, kind), 'utf8')
  }

  get certificate(): string {
    return this.text(this.#name, 'crt')
  }

  sign(name: string, subject: string): void {
    writeFileSync(this.path(name, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    this.#openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      this.path(name, 'key'),
      '-out',
      this.path(name, 'csr'),
    )
    this.#openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      this.path(name, 'csr'),
      '-CA',
      this.path(this.#name, 'crt'),
      '-CAkey',
      this.path(this.#name, 'key'),
      '-CAcreateserial',
      '-extfile',
      this.path(name, 'ext'),
      '-out',
      this.path(name, 'crt'),
    )
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #openssl(...args: string[]): void {
    execFileSync(openssl ?? 'openssl', args, { stdio: 'ignore' })
  }
}

describe.skipIf(openssl === undefined)('TLS [needs openssl]', () => {
  let trusted: Authority
  let stranger: Authority
  beforeAll(() => {
    trusted = new Authority('trusted')
    trusted.sign('server', '/O=Hospital/CN=leadglass')
    trusted.sign('client', '/O=Hospital/OU=Radiology/CN=ct-1')
    stranger = new Authority('stranger')
    stranger.sign('client', '/O=Elsewhere/CN=ct-1')
  })
  afterAll(() => {
    trusted.remove()
    stranger.remove()
  })

  const listen = () =>
    startListener(
      {},
      {
        tls: {
          key: trusted.text('server', 'key'),
          certificate: trusted.text('server', 'crt'),
          certificateAuthorities: [trusted.certificate],
          requireClientCertificate: true,
        },
      },
    )
  const destination = (port: number, signer: Authority) => ({
    host: '127.0.0.1',
    port,
    calledAeTitle: 'LEADGLASS',
    callingAeTitle: 'TESTER',
    tls: {
      key: signer.text('client', 'key'),
      certificate: signer.text('client', 'crt'),
      certificateAuthorities: [trusted.certificate],
      verifyHostName: true,
    },
  })

  it('our requester and listener know each other by certificate', async () => {
    const { server, storage, port } = await listen()
    expect(await new AssociationRequester().echo(destination(port, trusted))).toEqual({ status: 0 })
    expect(storage.accepted).toMatchObject([{ tls: true, certificateSubject: 'CN=ct-1,OU=Radiology,O=Hospital' }])
    await server.stop()
  })

  it('a stranger, a caller without TLS and a listener without TLS get nowhere', async () => {
    const { server, storage, port } = await listen()
    const requester = new AssociationRequester()
    // Node's listener refuses a certificate by closing, without an alert, so the caller cannot know why.
    await expect(requester.echo(destination(port, stranger))).rejects.toMatchObject({ code: 'association-closed' })
    const { tls, ...plain } = destination(port, trusted)
    expect(tls.verifyHostName).toBe(true)
    await expect(requester.echo(plain)).rejects.toMatchObject({ failureClass: 'transient' })
    expect(storage.accepted).toEqual([])
    await server.stop()
    const open = await startListener()
    await expect(requester.echo(destination(open.port, trusted))).rejects.toMatchObject({ code: 'tls-failed' })
    await open.server.stop()
  })

  describe.skipIf(storescu === undefined)('with DCMTK [needs dcmtk]', () => {
    const identity = (signer: Authority, name: string) => [
      '+tls',
      signer.path(name, 'key'),
      signer.path(name, 'crt'),
      '+cf',
      trusted.path('trusted', 'crt'),
    ]

    it.skipIf(file === undefined)('storescu stores over TLS [needs ../shared/data]', async () => {
      const { server, storage, port } = await listen()
      const { code, output } = await runDcmtk(
        'storescu',
        ...identity(trusted, 'client'),
        '127.0.0.1',
        String(port),
        file ?? '',
      )
      expect(output).toBe('')
      expect(code).toBe(0)
      expect(storage.instances).toHaveLength(1)
      expect((await runDcmtk('echoscu', ...identity(stranger, 'client'), '127.0.0.1', String(port))).code).not.toBe(0)
      expect((await runDcmtk('echoscu', '127.0.0.1', String(port))).code).not.toBe(0)
      await server.stop()
    })

    it('storescp answers an echo over TLS', async () => {
      const port = await freePort()
      const scp = await startPeer('storescp', port, [...identity(trusted, 'server'), String(port)])
      try {
        expect(await new AssociationRequester().echo(destination(port, trusted))).toEqual({ status: 0 })
        await expect(new AssociationRequester().echo(destination(port, stranger))).rejects.toMatchObject({
          code: 'tls-failed',
        })
      } finally {
        await scp.stop()
      }
    })
  })
})
