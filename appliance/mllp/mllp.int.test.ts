import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ManualClock, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, describe, expect, it } from 'vitest'
import { blockOf } from './framing.ts'
import type { MergeOfMessage } from './merge-message.ts'
import { type MergeReceipt, MllpServer, type MllpServerDependencies } from './server.ts'

const HEADER = 'MSH|^~\\&|HIS|HOSP|LEADGLASS|SITE|20260101||ADT^A40|'
const A40 = (control: string, application = 'HIS'): string =>
  [`${HEADER.replace('HIS', application)}${control}|P|2.5`, 'PID|||A^^^HOSP', 'MRG|B^^^HOSP'].join('\r')

describe('the MLLP listener', () => {
  const closing: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  async function listener(change: Partial<MllpServerDependencies> = {}) {
    const recorded: MergeOfMessage[][] = []
    const rejected: string[] = []
    const server = new MllpServer({
      host: '127.0.0.1',
      port: 0,
      maximumBytes: 4096,
      mayConnect: () => true,
      maySend: ({ application }) => application === 'HIS',
      record: (merges): MergeReceipt => {
        recorded.push([...merges])
        return { kind: 'recorded' }
      },
      onRejected: (why) => rejected.push(why),
      clock: new ManualClock(1_767_225_600_000),
      randomness: systemRandomness,
      logger: silentLogger,
      ...change,
    })
    await server.start()
    closing.push(() => server.stop())
    return { server, recorded, rejected }
  }

  async function dial(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    closing.push(() => {
      socket.destroy()
    })
    await once(socket, 'connect')
    return socket
  }

  const answers = async (socket: Socket, count: number): Promise<string[]> => {
    let said = ''
    while (said.split('\x1c\r').length <= count) said += String(((await once(socket, 'data')) as [Buffer])[0])
    return said.split('\x1c\r').slice(0, count)
  }

  it('answers each message on a connection in order, after it was recorded', async () => {
    const { server, recorded } = await listener()
    const socket = await dial(server.port)
    const stream = Buffer.concat([blockOf(A40('1')), blockOf(A40('2'))])
    for (const byte of stream.subarray(0, 90)) socket.write(Buffer.of(byte))
    socket.write(stream.subarray(90))
    const said = await answers(socket, 2)
    expect(said.map((one) => /MSA\|([^\r]*)/.exec(one)?.[1])).toEqual(['AA|1', 'AA|2'])
    expect(recorded).toHaveLength(2)
    expect(recorded[0]).toMatchObject([{ from: { id: 'B', issuer: 'HOSP' }, to: { id: 'A' } }])
  })

  it('answers AE when the record fails, so that the sender keeps the message', async () => {
    const { server } = await listener({
      record: () => {
        throw Object.assign(new Error('no'), { code: 'SQLITE_FULL' })
      },
    })
    const socket = await dial(server.port)
    socket.write(blockOf(A40('7')))
    expect((await answers(socket, 1))[0]).toMatch(/MSA\|AE\|7\rERR\|\|\|207/)
  })

  it('answers AE to a merge that contradicts those in force', async () => {
    const { server } = await listener({ record: () => ({ kind: 'refused', message: 'a circle' }) })
    const socket = await dial(server.port)
    socket.write(blockOf(A40('8')))
    expect((await answers(socket, 1))[0]).toMatch(/MSA\|AE\|8\rERR\|\|\|205.*a circle/)
  })

  it('turns an unknown application away by answer, and an unknown address at the door', async () => {
    const known = await listener()
    const socket = await dial(known.server.port)
    socket.write(blockOf(A40('9', 'ELSE')))
    expect((await answers(socket, 1))[0]).toContain('MSA|AR|9')
    expect(known.recorded).toEqual([])
    expect(known.rejected).toEqual(['sender'])
    const closed = await listener({ mayConnect: () => false })
    const stranger = connect(closed.server.port, '127.0.0.1')
    stranger.on('error', () => undefined)
    await once(stranger, 'close')
    expect(closed.rejected).toEqual(['address'])
  })

  it.each([
    ['no block', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['more than the limit', Buffer.concat([Buffer.of(0x0b), Buffer.alloc(5000, 0x41)])],
  ])('ends a connection that sends %s, and serves others', async (_what, bytes) => {
    const { server, recorded } = await listener()
    const hostile = await dial(server.port)
    hostile.write(bytes)
    await once(hostile, 'close')
    const socket = await dial(server.port)
    socket.write(blockOf(A40('3')))
    expect((await answers(socket, 1))[0]).toContain('MSA|AA|3')
    expect(recorded).toHaveLength(1)
  })
})
