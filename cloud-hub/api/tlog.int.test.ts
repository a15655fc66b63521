import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuditLog,
  checkpointText,
  createCosignatureVerifier,
  createCosigner,
  createNoteSigner,
  createNoteVerifier,
  decodeEntries,
  encodeAddCheckpoint,
  encodeVerifierKey,
  generateSigningKey,
  MemoryLogStore,
  openCheckpoint,
  openNote,
  parseVerifierKey,
  SIGNATURE_TYPE,
  signatureLine,
  TileLog,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolDevice, initialiseHub } from '../commands.ts'
import { holdTestCeremony } from '../testing/ceremony.ts'
import { HubProcess } from '../testing/hub-process.ts'

const ORIGIN = 'leadglass/box-01/audit'

describe('the logs of a hub as tiles, and the hub as a witness', () => {
  const siteKey = generateSigningKey()
  const deviceKey = generateSigningKey()
  const signer = createNoteSigner(ORIGIN, siteKey)
  let folder: string
  let hub: HubProcess
  let keys: { readonly log: string; readonly witness: string }

  const siteLog = (words: readonly string[]): AuditLog => {
    const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: new ManualClock(0) })
    for (const word of words) log.appendLeaf(Buffer.from(word))
    return log
  }
  const post = (body: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${hub.http}/witness/add-checkpoint`, { method: 'POST', body })
  const submit = (log: AuditLog, oldSize: number, by = signer): Promise<Response> => {
    const proof = oldSize <= log.size ? log.consistencyProof(oldSize) : []
    return post(encodeAddCheckpoint({ oldSize, proof, checkpointNote: log.checkpoint(by) }))
  }
  const open = async (path: string): Promise<Uint8Array> => {
    const answer = await fetch(`http://127.0.0.1:${hub.http}/tlog/${path}`)
    if (!answer.ok) throw new RangeError(`${path}: ${answer.status}`)
    return new Uint8Array(await answer.arrayBuffer())
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-tlog-'))
    const { policy } = await holdTestCeremony(folder)
    await initialiseHub({ folder, names: [], policy })
    await enrolDevice({
      folder,
      device: 'box-01',
      auditVerifierKey: encodeVerifierKey(verifierKeyOf(ORIGIN, siteKey)),
      witnessVerifierKey: encodeVerifierKey(
        verifierKeyOf('leadglass/box-01/witness', deviceKey, SIGNATURE_TYPE.cosignature),
      ),
    })
    hub = await HubProcess.start(folder)
    keys = (await hub.get('/api/audit/keys')) as typeof keys
  })
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('answers add-checkpoint with every status of the specification', async () => {
    const words = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const log = siteLog(words)
    const first = await submit(siteLog(words.slice(0, 3)), 0)
    expect(first.status).toBe(200)
    const witness = parseVerifierKey(keys.witness)
    if (witness === undefined) throw new Error('the key of the witness')
    const note = `${siteLog(words.slice(0, 3)).checkpoint(signer)}${await first.text()}`
    expect(openNote(note, [createCosignatureVerifier(witness)]).kind).toBe('verified')

    expect((await post('nonsense')).status).toBe(400)
    expect((await submit(siteLog(words.slice(0, 3)), 4)).status).toBe(400)
    expect((await submit(log, 3, createNoteSigner(ORIGIN, generateSigningKey()))).status).toBe(403)
    const stranger = new AuditLog({ origin: 'x/log', store: new MemoryLogStore(), clock: new ManualClock(0) })
    expect((await submit(stranger, 0, createNoteSigner('x/log', siteKey))).status).toBe(404)
    const behind = await submit(log, 2)
    expect([behind.status, behind.headers.get('content-type'), await behind.text()]).toEqual([
      409,
      'text/x.tlog.size',
      '3\n',
    ])
    expect((await submit(siteLog(['a', 'b', 'x', 'd']), 3)).status).toBe(422)
    expect((await submit(siteLog(['a', 'b', 'x']), 3)).status).toBe(409)
    expect((await submit(log, 3)).status).toBe(200)
    const alarms = (await hub.get('/api/fleet/devices/box-01').catch(() => hub.get('/api/devices/box-01'))) as object
    expect(JSON.stringify(alarms)).toContain('audit-forked')
  })

  it('signs one of two continuations that are offered at once, never both', async () => {
    const base = Array.from({ length: 7 }, (_, i) => 'abcdefg'[i] ?? '')
    const forks = Array.from({ length: 12 }, (_, i) => siteLog([...base, `fork ${i}`]))
    const statuses = await Promise.all(forks.map(async (log) => (await submit(log, 7)).status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(11)
  })

  it('serves its own log as tiles, from which entries and growth are proven', async () => {
    const logKey = parseVerifierKey(keys.log)
    if (logKey === undefined) throw new Error('the key of the log')
    const read = async () => {
      const opened = openCheckpoint(Buffer.from(await open('hub/checkpoint')).toString(), [createNoteVerifier(logKey)])
      if (opened.kind === 'refused') throw new Error(opened.reason)
      return opened.checkpoint
    }
    const before = await read()
    await hub.get('/api/audit/export')
    const after = await read()
    expect(after.size).toBeGreaterThan(before.size)
    const tiles = new TileLog((path) => open(`hub/${path}`))
    expect(await tiles.consistency(before, after)).toBeDefined()
    expect((await fetch(`http://127.0.0.1:${hub.http}/tlog/hub/tile/entries/000.p/1`)).status).toBe(401)
    expect((await fetch(`http://127.0.0.1:${hub.http}/tlog/box-01/checkpoint`)).status).toBe(401)
    const entries = await hub.request('GET', '/tlog/hub/tile/entries/000.p/3')
    expect(decodeEntries(new Uint8Array(await entries.arrayBuffer()), 3)).toHaveLength(3)
    expect((await read()).size).toBe(after.size + 1)
    expect((await hub.request('GET', '/tlog/hub/tile/entries/999')).status).toBe(404)
    expect((await hub.request('GET', '/tlog/hub/tile/9/000')).status).toBe(404)
  })

  it('keeps the cosignatures of its devices, and shows how many witnesses it has', async () => {
    const note = Buffer.from(await open('hub/checkpoint')).toString()
    const text = note.slice(0, note.indexOf('\n\n') + 1)
    const cosigned = `${note}${signatureLine(createCosigner('leadglass/box-01/witness', deviceKey, Date.now() / 1000), text)}`
    const give = (body: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${hub.http}/tlog/hub/cosignatures`, { method: 'POST', body })
    expect((await give(cosigned)).status).toBe(200)
    expect(await hub.get('/api/audit/witnesses')).toMatchObject({
      witnesses: [{ witness: 'leadglass/box-01/witness' }],
    })
    expect(Buffer.from(await open('hub/checkpoint')).toString()).toBe(cosigned)
    const foreign = createCosigner('leadglass/box-01/witness', generateSigningKey(), Date.now() / 1000)
    expect((await give(`${note}${signatureLine(foreign, text)}`)).status).toBe(403)
    const other = checkpointText({ origin: 'leadglass/hub/audit', size: 1, root: Buffer.alloc(32) })
    const lie = createCosigner('leadglass/box-01/witness', deviceKey, Date.now() / 1000)
    expect((await give(`${other}\n${signatureLine(lie, other)}`)).status).toBe(409)
  })
})
