import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeVerifierKey, generateSigningKey, SIGNATURE_TYPE, verifierKeyOf } from '../audit-log/index.ts'
import { HubLogPeersFile, MOST_PEERS, peerKey } from './hub-log-peers-file.ts'

let folder: string
let file: HubLogPeersFile
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-peers-'))
  file = new HubLogPeersFile(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const keyOf = (name: string, type: (typeof SIGNATURE_TYPE)[keyof typeof SIGNATURE_TYPE] = SIGNATURE_TYPE.cosignature) =>
  encodeVerifierKey(verifierKeyOf(name, generateSigningKey(), type))

it('keeps a key for each box, shows its fingerprint, and takes it away', async () => {
  expect(await file.read()).toEqual([])
  const key = keyOf('leadglass/box-02/witness')
  expect(await file.add(` ${key}\n`, 'box-01')).toEqual({ kind: 'added', peer: peerKey(key) })
  expect(await file.add(key, 'box-01')).toMatchObject({ kind: 'known' })
  expect(peerKey(key)?.fingerprint).toMatch(/^(?:[0-9a-f]{4} ){15}[0-9a-f]{4}$/)
  expect((await new HubLogPeersFile(folder).read()).map(({ device }) => device)).toEqual(['box-02'])
  expect([await file.remove('box-03'), await file.remove('box-02')]).toEqual([false, true])
  expect(await file.read()).toEqual([])
})

it('refuses what would confirm nothing: other keys, its own, a second one of a box, more than are compared', async () => {
  const own = keyOf('leadglass/box-01/witness')
  expect(await file.add(own, 'box-01')).toEqual({ kind: 'refused', reason: 'own-key' })
  const log = keyOf('leadglass/box-02/audit', SIGNATURE_TYPE.ed25519)
  const hub = keyOf('leadglass/hub/audit', SIGNATURE_TYPE.ed25519)
  for (const text of [log, hub, keyOf('hospital.example/witness'), 'x', '', `${own.slice(0, -4)}AAAA`])
    expect(await file.add(text, 'box-09'), text).toEqual({ kind: 'refused', reason: 'not-a-witness-key' })
  for (let at = 0; at < MOST_PEERS; at += 1) {
    expect((await file.add(keyOf(`leadglass/site-${at}/witness`), 'box-01')).kind).toBe('added')
  }
  const second = await file.add(keyOf('leadglass/site-3/witness'), 'box-01')
  expect(second).toEqual({ kind: 'refused', reason: 'other-key-of-device' })
  expect(await file.add(keyOf('leadglass/more/witness'), 'box-01')).toEqual({ kind: 'refused', reason: 'too-many' })
})

it('passes over what a person wrote wrongly, and fails on a file that it cannot read', async () => {
  const key = keyOf('leadglass/box-02/witness')
  await writeFile(join(folder, 'hub-log-peers.txt'), `# a note\n\nnonsense\n${key}\r\n`)
  expect((await file.read()).map((peer) => peer.key)).toEqual([key])
  await expect(new HubLogPeersFile(join(folder, 'hub-log-peers.txt')).read()).rejects.toThrow(/ENOTDIR/)
})
