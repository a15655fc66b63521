import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  AuditLog,
  answerAddCheckpoint,
  createCosignatureVerifier,
  createCosigner,
  createNoteSigner,
  encodeSigningKey,
  encodeVerifierKey,
  generateSigningKey,
  MemoryLogStore,
  openNote,
  parseTilePath,
  parseVerifierKey,
  readTile,
  SIGNATURE_TYPE,
  verifierKeyOf,
  WitnessFile,
} from '../audit-log/index.ts'
import { HubLogStateFile } from '../exchange/index.ts'
import { createLogger, ManualClock } from '../foundation/index.ts'
import { type HubLogChannel, HubLogWitness } from './hub-log-witness.ts'

const HUB = 'leadglass/hub/audit'
const clock = new ManualClock(Date.parse('2026-03-01T12:00:00Z'))

class ForkingHub {
  readonly log = new AuditLog({ origin: HUB, store: new MemoryLogStore(), clock })
  readonly taken: string[] = []
  readonly #key: KeyObject

  constructor(key: KeyObject, words: readonly string[]) {
    this.#key = key
    for (const word of words) this.log.appendLeaf(Buffer.from(word))
  }

  checkpoint(): string {
    return this.log.checkpoint(createNoteSigner(HUB, this.#key))
  }

  /** The newest note that this device has given back, as the hub of the product shows it. */
  #cosignedBy(device: string): Uint8Array | undefined {
    const note = this.taken.findLast((one) => one.includes(`leadglass/${device}/witness`))
    return note === undefined ? undefined : Buffer.from(note)
  }

  channel(): HubLogChannel {
    return {
      get: async (path) => {
        if (path === 'checkpoint') return Buffer.from(this.checkpoint())
        const asked = /^cosigned\/(.+)$/.exec(path)?.[1]
        if (asked !== undefined) return this.#cosignedBy(asked)
        const tile = parseTilePath(path)
        return tile === undefined ? undefined : readTile(this.log, tile)
      },
      post: async (_path, body) => {
        this.taken.push(body)
        return 200
      },
    }
  }
}

describe('devices as witnesses of the hub’s log', () => {
  const hubKey = generateSigningKey()
  const words = Array.from({ length: 700 }, (_, i) => `entry ${i}`)
  let folder: string
  let third: { readonly url: string; readonly key: string; readonly server: Server }

  const device = (
    name: string,
    hub: ForkingHub,
    key = generateSigningKey(),
    others = [third],
    peers: readonly string[] = [],
  ): HubLogWitness =>
    new HubLogWitness({
      device: name,
      hubLogKey: encodeVerifierKey(verifierKeyOf(HUB, hubKey)),
      witnessKeyPem: encodeSigningKey(key),
      stateFolder: join(folder, name),
      stateFile: new HubLogStateFile(join(folder, `${name}.json`)),
      channel: hub.channel(),
      witnesses: others.map(({ url, key: vkey }) => ({ url, key: vkey })),
      peers: async () => peers,
      intervalMs: 60_000,
      clock,
      logger: createLogger('test', new Writable({ write: (_chunk, _encoding, done) => done() })),
    })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-log-'))
    const key = generateKeyPairSync('ed25519').privateKey
    const memory = new WitnessFile(join(folder, 'third.json'), [encodeVerifierKey(verifierKeyOf(HUB, hubKey))])
    for (const name of ['box-01', 'box-02', 'box-03']) await mkdir(join(folder, name))
    const cosigner = () => createCosigner('hospital.example/witness', key, clock.now() / 1000)
    const server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => void parts.push(part))
      request.on('end', () => {
        void answerAddCheckpoint(Buffer.concat(parts).toString(), { memory, cosigner }).then((answer) =>
          response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body),
        )
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const vkey = verifierKeyOf('hospital.example/witness', key, SIGNATURE_TYPE.cosignature)
    third = { url: `http://127.0.0.1:${port}`, key: encodeVerifierKey(vkey), server }
  })
  afterEach(async () => {
    third.server.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('cosign what continues what they saw, and give the cosignature back', async () => {
    const hub = new ForkingHub(hubKey, words)
    const key = generateSigningKey()
    const box = device('box-01', hub, key)
    expect(await box.look()).toBe('cosigned')
    for (let i = 0; i < 300; i++) hub.log.appendLeaf(Buffer.from(`later ${i}`))
    expect(await box.look()).toBe('cosigned')
    const vkey = parseVerifierKey(encodeVerifierKey(verifierKeyOf('leadglass/box-01/witness', key, 4)))
    if (vkey === undefined) throw new Error('the key of the device')
    expect(hub.taken.map((note) => openNote(note, [createCosignatureVerifier(vkey)]).kind)).toEqual([
      'verified',
      'verified',
    ])
  })

  it('remember over a restart, and refuse a hub that forgets, edits, inserts or takes out', async () => {
    const key = generateSigningKey()
    expect(await device('box-01', new ForkingHub(hubKey, words), key, []).look()).toBe('cosigned')
    const look = (changed: readonly string[]): Promise<string> =>
      device('box-01', new ForkingHub(hubKey, changed), key, []).look()
    expect(await look(words.slice(0, 600))).toBe('went-back')
    expect(await look(words.map((word, i) => (i === 300 ? 'edited' : word)))).toBe('diverged')
    expect(await look([...words.slice(0, 300), 'inserted', ...words.slice(300)])).toBe('diverged')
    expect(await look([...words.slice(0, 300), ...words.slice(301), 'more', 'and more'])).toBe('diverged')
    expect(await look([...words, 'one more'])).toBe('cosigned')
    expect(await device('box-01', new ForkingHub(generateSigningKey(), words), key, []).look()).toBe('not-signed')
    expect(JSON.parse(await readFile(join(folder, 'box-01.json'), 'utf8'))).toMatchObject({
      state: 'not-signed',
      size: 701,
    })
  })

  it('find a split view: two devices that are shown two logs meet at the third witness', async () => {
    const toOne = new ForkingHub(hubKey, words)
    const toOther = new ForkingHub(
      hubKey,
      words.map((word, i) => (i === 650 ? 'what the other is to believe' : word)),
    )
    expect(await device('box-01', toOne).look()).toBe('cosigned')
    expect(await device('box-02', toOther).look()).toBe('diverged')
    expect(toOther.taken).toEqual([])
    toOther.log.appendLeaf(Buffer.from('and so on'))
    expect(await device('box-03', toOther).look()).toBe('diverged')
  })

  describe('split view, without a third witness', () => {
    const keys = { one: generateSigningKey(), two: generateSigningKey() }
    const vkey = (name: string, key: KeyObject): string =>
      encodeVerifierKey(verifierKeyOf(`leadglass/${name}/witness`, key, SIGNATURE_TYPE.cosignature))
    const one = (hub: ForkingHub): HubLogWitness => device('box-01', hub, keys.one, [], [vkey('box-02', keys.two)])
    const two = (hub: ForkingHub): HubLogWitness => device('box-02', hub, keys.two, [], [vkey('box-01', keys.one)])
    const other = words.map((word, i) => (i === 650 ? 'what the other is to believe' : word))

    it('a hub that shows both boxes one log is confirmed by both, at whatever moments they look', async () => {
      const hub = new ForkingHub(hubKey, words)
      expect(await one(hub).look()).toBe('unconfirmed')
      expect(await two(hub).look()).toBe('cosigned')
      hub.log.appendLeaf(Buffer.from('more'))
      expect(await one(hub).look()).toBe('cosigned')
    })

    it('a hub that shows two logs and every cosignature is caught by its own signatures', async () => {
      const [toOne, toTwo] = [new ForkingHub(hubKey, words), new ForkingHub(hubKey, other)]
      await one(toOne).look()
      await two(toTwo).look()
      toTwo.taken.push(...toOne.taken)
      toOne.taken.push(...toTwo.taken)
      expect(await one(toOne).look()).toBe('diverged')
      expect(await two(toTwo).look()).toBe('diverged')
    })

    it('a hub that shows two logs and keeps the cosignatures of the other back has none to show', async () => {
      const hub = new ForkingHub(hubKey, words)
      await one(hub).look()
      await two(hub).look()
      expect(await one(hub).look()).toBe('cosigned')
      // From here on the other box is shown another log.
      const toTwo = new ForkingHub(hubKey, [...words, 'for the other'])
      expect(await two(toTwo).look()).toBe('unconfirmed')
      hub.log.appendLeaf(Buffer.from('for the one'))
      clock.advance(901_000)
      expect(await one(hub).look()).toBe('unconfirmed')
    })

    it('a hub that forges a cosignature, or shows that of another key, has shown none', async () => {
      const hub = new ForkingHub(hubKey, words)
      const impostor = generateSigningKey()
      await device('box-02', hub, impostor, []).look()
      expect(await one(hub).look()).toBe('unconfirmed')
    })
  })

  it('are not misled by devices that look at different moments', async () => {
    const hub = new ForkingHub(hubKey, words)
    const earlier = device('box-02', new ForkingHub(hubKey, words.slice(0, 650)))
    expect(await device('box-01', hub).look()).toBe('cosigned')
    expect(await earlier.look()).toBe('cosigned')
  })
})
