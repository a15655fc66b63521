import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { AssociationRequester } from '../requester/requester.ts'
import { Authority } from '../testing/authority.ts'
import { freePort, runDcmtk, startPeer } from '../testing/dcmtk.ts'
import { startListener } from '../testing/listener.ts'
import type { DimseServerOptions } from './server.ts'

const openssl = peer('openssl')
const storescu = peer('storescu')
const file = sharedData('dicom/pydicom/CT_small.dcm')

/** A handshake record that announces 512 bytes of which none comes (RFC 8446 5.1). */
const HELLO_BEGINS = Buffer.from('1603010200', 'hex')

/** A caller that does not care how its connection ends, as long as it does. */
function caller(port: number): { readonly socket: Socket; readonly closed: Promise<void> } {
  const socket = createConnection({ host: '127.0.0.1', port }).resume()
  socket.on('error', () => undefined)
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) }
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

  const listen = (options: Partial<DimseServerOptions> = {}) =>
    startListener(
      {},
      {
        ...options,
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

  it('shows a renewed certificate from the next connection on, and knows callers by fingerprint', async () => {
    const { server, storage, port } = await listen()
    trusted.sign('renewed', '/O=Hospital/CN=leadglass-2')
    const shown = async (): Promise<string> => {
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca: trusted.certificate,
        key: trusted.text('client', 'key'),
        cert: trusted.text('client', 'crt'),
      })
      await once(socket, 'secureConnect')
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      return String(CN)
    }
    expect(await shown()).toBe('leadglass')
    server.renewTls({
      key: trusted.text('renewed', 'key'),
      certificate: trusted.text('renewed', 'crt'),
      certificateAuthorities: [trusted.certificate],
    })
    expect(await shown()).toBe('leadglass-2')
    await new AssociationRequester().echo(destination(port, trusted))
    const { fingerprint256 } = new X509Certificate(trusted.text('client', 'crt'))
    expect(storage.accepted.at(-1)?.certificateSha256).toBe(fingerprint256.replaceAll(':', '').toLowerCase())
    await expect(new AssociationRequester().echo(destination(port, stranger))).rejects.toThrow()
    await server.stop()
  })

  it('ends handshakes that never finish by its timer, and stops without waiting for them', async () => {
    const refused: string[] = []
    const options = { onTlsRefused: (_address: string, reason: string) => refused.push(reason) }
    const { server, port } = await listen({ ...options, limits: { artimTimeoutMs: 400 } })
    const started = performance.now()
    const callers = [1, 2, 3].map(() => caller(port))
    // The first bytes of a ClientHello, and then nothing; one caller goes on a byte at a time.
    for (const { socket } of callers.slice(1)) socket.write(HELLO_BEGINS)
    const trickle = setInterval(() => callers[2]?.socket.write(Buffer.from([0])), 50)
    await Promise.all(callers.map(({ closed }) => closed))
    clearInterval(trickle)
    expect(performance.now() - started).toBeLessThan(5000)
    await expect.poll(() => refused.length).toBe(3)
    expect(await new AssociationRequester().echo(destination(port, trusted))).toEqual({ status: 0 })
    await server.stop()

    const slow = await listen({ limits: { artimTimeoutMs: 60_000 } })
    const half = caller(slow.port)
    await once(half.socket, 'connect')
    half.socket.write(HELLO_BEGINS)
    const stopping = performance.now()
    await slow.server.stop()
    await half.closed
    expect(performance.now() - stopping).toBeLessThan(5000)
  })

  it('ends a connection that never asks for an association after its handshake', async () => {
    const { server, port, storage } = await listen({ limits: { artimTimeoutMs: 400 } })
    const client = { key: trusted.text('client', 'key'), cert: trusted.text('client', 'crt') }
    const socket = connect({ host: '127.0.0.1', port, ca: trusted.certificate, ...client })
    await once(socket, 'secureConnect')
    socket.resume()
    await once(socket, 'close')
    expect(storage.accepted).toEqual([])
    await server.stop()
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

    it.each(['--profile-bcp195-nd', '--profile-bcp195', '--profile-bcp195-ex'])(
      'finds a suite of %s',
      async (profile) => {
        const { server, port } = await listen()
        const args = [...identity(trusted, 'client'), profile, '127.0.0.1', String(port)]
        expect(await runDcmtk('echoscu', ...args)).toEqual({ code: 0, output: '' })
        await server.stop()
      },
    )

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
