import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuditLog,
  createCosigner,
  createNoteSigner,
  createNoteVerifier,
  encodeVerifierKey,
  MemoryLogStore,
  parseVerifierKey,
  SIGNATURE_TYPE,
  verifierKeyOf,
  verifyEntry,
} from '@leadglass/sync-agent/audit-log'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { AuditDesk } from './desk.ts'
import { exportLines } from './export.ts'

const VERIFIER = join(import.meta.dirname, 'verify.mjs')
const STRACE = '/usr/bin/strace'
const BY = { kind: 'person', id: 'operator' } as const
const YEAR = 366 * 86_400_000

/** Runs the verifier as an auditor does: Node alone, which may read and do nothing else. */
function verify(args: readonly string[]): {
  readonly status: number | null
  readonly verdict: Record<string, unknown>
} {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--permission', '--allow-fs-read=*', VERIFIER, ...args, '--json'],
    { encoding: 'utf8', env: {} },
  )
  if (stdout === '') throw new Error(stderr)
  return { status, verdict: JSON.parse(stdout) as Record<string, unknown> }
}

describe('an export and its verifier', () => {
  const origin = 'leadglass/box-01/audit'
  let folder: string
  let keys: string
  let lines: string[]
  let logKey: KeyObject
  let witnessKey: KeyObject

  const request = (chosen: readonly number[] | null) => {
    const log = new AuditLog({ origin, store: new MemoryLogStore(), clock: new ManualClock(1_700_000_000_000) })
    const notes: string[] = []
    for (let place = 0; place < 23; place++) {
      const subject = { kind: 'study', id: place.toString(16).padStart(32, '0') } as const
      log.append({ event: 'study.scored', actor: { kind: 'system', id: 'scoring' }, subject, outcome: 'success' })
      const cosigner = createCosigner('leadglass/hub/witness', witnessKey, 1_700_000_100)
      if (place % 5 === 2) notes.push(log.checkpoint(createNoteSigner(origin, logKey), cosigner))
    }
    const vkeys = [
      encodeVerifierKey(verifierKeyOf(origin, logKey)),
      encodeVerifierKey(verifierKeyOf('leadglass/hub/witness', witnessKey, SIGNATURE_TYPE.cosignature)),
    ]
    const hashOf = (): Uint8Array => Buffer.alloc(32)
    return { log, hashOf, checkpointNote: notes.pop() ?? '', earlier: notes, keys: vkeys, chosen, query: {} }
  }
  const written = async (changed: readonly string[]): Promise<string> => {
    const path = join(folder, 'export.jsonl')
    await writeFile(path, changed.join(''))
    return path
  }
  const judged = async (changed: readonly string[], ...more: string[]) =>
    verify([await written(changed), '--keys', keys, '--cosignatures', '1', ...more])
  const entryAt = (index: number): number => lines.findIndex((one) => one.includes(`"kind":"entry","index":${index},`))
  const edited = (index: number): string[] =>
    lines.with(
      entryAt(index),
      (lines[entryAt(index)] ?? '').replace(/"leaf":"[^"]*"/, `"leaf":"${Buffer.from('{}').toString('base64')}"`),
    )

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-export-'))
    logKey = generateKeyPairSync('ed25519').privateKey
    witnessKey = generateKeyPairSync('ed25519').privateKey
    keys = join(folder, 'keys.txt')
    const whole = request(null)
    await writeFile(keys, `# kept by the auditor\n${whole.keys.join('\n')}\n`)
    lines = [...exportLines(whole)]
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is verified with nothing but Node, and is not believed on its own keys', async () => {
    expect(await judged(lines)).toMatchObject({
      status: 0,
      verdict: { verdict: 'verified', origin, entries: 23, size: 23, checkpoints: 5, cosignedSize: 23, pruned: 0 },
    })
    expect(verify([await written(lines)])).toMatchObject({ status: 3, verdict: { verdict: 'whole' } })
  })

  it('detects an edit and says between which checkpoints it lies', async () => {
    expect(await judged(edited(9))).toMatchObject({ status: 4, verdict: { reason: 'root-mismatch', index: 8 } })
    expect(await judged(edited(22))).toMatchObject({ verdict: { reason: 'root-mismatch', index: 18 } })
  })

  it('detects a removal, an insertion, another order and a cut end', async () => {
    expect(await judged(lines.toSpliced(entryAt(4), 1))).toMatchObject({ verdict: { reason: 'gap', index: 4 } })
    const doubled = lines.toSpliced(entryAt(4), 0, lines[entryAt(4)] ?? '')
    expect(await judged(doubled)).toMatchObject({ verdict: { reason: 'gap' } })
    // Somebody who takes an entry out and numbers the others anew.
    const renumbered = lines
      .toSpliced(entryAt(4), 1)
      .map((one) => one.replace(/"index":(\d+)/, (all, at) => (Number(at) > 4 ? `"index":${Number(at) - 1}` : all)))
    expect((await judged(renumbered)).status).toBe(4)
    expect(await judged(lines.slice(0, -1))).toMatchObject({ verdict: { reason: 'truncated' } })
    const shorter = lines.toSpliced(entryAt(22), 1).map((one) => one.replace('"entries":23', '"entries":22'))
    expect(await judged(shorter)).toMatchObject({ verdict: { reason: 'truncated' } })
    expect(await judged([...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, 9)])).toMatchObject({
      verdict: { reason: 'truncated' },
    })
  })

  it('detects wrong keys, a forged checkpoint, a false proof and missing witnesses', async () => {
    const other = join(folder, 'other.txt')
    const stranger = generateKeyPairSync('ed25519').privateKey
    await writeFile(other, `${encodeVerifierKey(verifierKeyOf(origin, stranger))}\n`)
    const path = await written(lines)
    expect(verify([path, '--keys', other])).toMatchObject({ status: 4, verdict: { reason: 'bad-signature' } })
    expect(await judged(lines, '--cosignatures', '2')).toMatchObject({ verdict: { reason: 'not-cosigned' } })
    const forged = lines.with(
      1,
      (lines[1] ?? '').replace(/"size":3,"note":"([^"]*)\\n3\\n/, '"size":4,"note":"$1\\n4\\n'),
    )
    expect(await judged(forged)).toMatchObject({ status: 4, verdict: { reason: 'bad-signature' } })
    const unproven = lines.with(
      1,
      (lines[1] ?? '').replace(/"consistency":\["[^"]*"/, `"consistency":["${'A'.repeat(43)}="`),
    )
    expect(await judged(unproven)).toMatchObject({ status: 4, verdict: { reason: 'inconsistent', index: 3 } })
    await writeFile(other, 'not a key\n')
    expect(verify([path, '--keys', other])).toMatchObject({ status: 4, verdict: { reason: 'malformed' } })
  })

  it('proves chosen entries one by one', async () => {
    lines = [...exportLines(request([0, 7, 22]))]
    expect(await judged(lines)).toMatchObject({ status: 0, verdict: { scope: 'chosen', entries: 3, size: 23 } })
    expect(await judged(edited(7))).toMatchObject({ status: 4, verdict: { reason: 'not-included', index: 7 } })
    const moved = lines.map((one) => one.replace('"kind":"entry","index":7', '"kind":"entry","index":8'))
    expect((await judged(moved)).status).toBe(4)
  })

  it.each([['not json\n'], ['{}\n'], ['{"kind":"head"}\n'], [''], ['[1]\n']])('refuses %j', async (text) => {
    expect((await judged([text])).status).toBe(4)
  })

  it.skipIf(!existsSync(STRACE))('opens no socket and starts no program (needs strace)', async () => {
    const trace = join(folder, 'trace')
    const args = ['-f', '-o', trace, '-e', 'trace=%network,execve', process.execPath, VERIFIER]
    const { status } = spawnSync(STRACE, [...args, await written(lines), '--keys', keys])
    expect(status).toBe(0)
    const calls = await readFile(trace, 'utf8')
    // Node makes pairs of local descriptors for its own threads; a socket of the internet families is what counts.
    expect(calls).not.toMatch(/\b(connect|bind|listen|sendto)\(|AF_INET/)
    expect(calls.match(/execve\(/g)).toHaveLength(1)
  })
})

describe('retention of the logs', () => {
  let core: HubCore
  let desk: AuditDesk
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-desk-'))
    core = await createHubCore()
    desk = new AuditDesk(core.database, core.audit, core.mirror, core.clock)
    for (let place = 0; place < 9; place++) {
      const codes = [`number-${'abcdefghi'[place]}`]
      core.audit.record({ event: 'session.opened', actor: BY, subject: null, outcome: 'success', codes })
    }
  })
  afterEach(async () => {
    await core.close()
    await rm(folder, { recursive: true, force: true })
  })

  const HUB = 'leadglass/hub/audit'
  const states = (): string[] => desk.retention.epochs().map(({ year, state }) => `${year} ${state}`)

  it('keeps everything for seven years, then empties entries and keeps hashes, roots and proofs', async () => {
    const first = new Date(core.clock.now()).getUTCFullYear()
    const kept = Buffer.from(core.audit.log.leaf(4) ?? [])
    const early = core.audit.checkpoint()
    const root = Buffer.from(core.audit.log.root(9)).toString('hex')
    core.clock.advance(7 * YEAR - 5 * 86_400_000)
    expect(desk.retention.prune(BY)).toEqual([])
    core.clock.advance(YEAR)
    expect(states()[0]).toBe(`${first} due`)
    expect(desk.retention.prune(BY)).toMatchObject([{ origin: HUB, year: first, from: 0, to: 9 }])
    expect(desk.retention.prune(BY)).toEqual([])
    expect(states()[0]).toBe(`${first} pruned`)

    expect(core.audit.log.leaf(4)).toHaveLength(0)
    expect(Buffer.from(core.audit.log.root(9)).toString('hex')).toBe(root)
    expect(core.audit.log.consistencyProof(9).length).toBeGreaterThan(0)
    expect(desk.index.search({ event: 'session.opened' }, null, 10).entries).toEqual([])
    expect(desk.index.search({ event: 'log.pruned' }, null, 10).entries).toMatchObject([
      { event: { actor: BY, subject: { kind: 'log', id: HUB }, codes: [`year-${first}`, 'entries-9'] } },
    ])
    const key = parseVerifierKey(core.audit.verifierKey())
    if (key === undefined) throw new Error('the key cannot be read')
    const proof = core.audit.log.proofFile(4, early)
    expect(verifyEntry(proof, { trustedKeys: [createNoteVerifier(key)], leaf: kept }).kind).toBe('verified')
    expect(verifyEntry(proof, { trustedKeys: [createNoteVerifier(key)], leaf: Buffer.from('x') }).kind).toBe('refused')

    const signed = desk.logs.of(HUB)
    if (signed === undefined) throw new Error('the hub has a log')
    const { bytes, content } = await desk.archive(signed, {})
    const pieces: Uint8Array[] = []
    for await (const piece of content) pieces.push(piece)
    const archive = join(folder, 'export.tar')
    await writeFile(archive, Buffer.concat(pieces))
    expect(Buffer.concat(pieces)).toHaveLength(bytes)
    expect(spawnSync('tar', ['xf', archive, '-C', folder]).status).toBe(0)
    expect(await readFile(join(folder, 'verify.mjs'), 'utf8')).toBe(await readFile(VERIFIER, 'utf8'))
    await writeFile(join(folder, 'keys.txt'), `${core.audit.verifierKey()}\n`)
    await writeFile(join(folder, 'entry.json'), kept)
    const given = [join(folder, 'export.jsonl'), '--keys', join(folder, 'keys.txt')]
    expect(verify(given)).toMatchObject({ status: 0, verdict: { pruned: 9 } })
    expect(verify([...given, '--index', '4', '--kept', join(folder, 'entry.json')]).status).toBe(0)
    expect(verify([...given, '--index', '5', '--kept', join(folder, 'entry.json')]).status).toBe(4)
  })

  it('lets a legal hold win, of a log, of a year or of all, until it is lifted', () => {
    const year = new Date(core.clock.now()).getUTCFullYear()
    core.clock.advance(9 * YEAR)
    for (const hold of [
      { origin: HUB, year: null },
      { origin: null, year },
      { origin: null, year: null },
      { origin: HUB, year },
    ]) {
      const number = desk.retention.place({ ...hold, reason: 'a claim' }, BY)
      expect(states()[0]).toBe(`${year} held`)
      expect(desk.retention.prune(BY)).toEqual([])
      expect(desk.retention.lift(number, BY)).toBe(true)
      expect(desk.retention.lift(number, BY)).toBe(false)
    }
    desk.retention.place({ origin: 'leadglass/box-02/audit', year: null, reason: 'another log' }, BY)
    expect(desk.retention.prune(BY)).toHaveLength(1)
    expect(desk.index.search({ event: 'hold' }, null, 50).entries).toHaveLength(9)
    expect(desk.index.search({ event: 'hold.lifted' }, null, 50).entries).toHaveLength(4)
  })

  it('never prunes what nobody has signed, and lets no other hand empty a leaf', () => {
    core.mirror
      .mirror('box-01' as never)
      .append({ event: 'echo.answered', actor: BY, subject: null, outcome: 'success' })
    core.clock.advance(9 * YEAR)
    expect(desk.retention.prune(BY).map((one) => one.origin)).toEqual([HUB])
    core.audit.record({ event: 'session.opened', actor: BY, subject: null, outcome: 'success' })
    const empty = core.database.prepare(`UPDATE audit_leaf SET leaf = x'' WHERE leaf_index = ?`)
    expect(() => empty.run(core.audit.log.size - 1)).toThrow(/never changed/)
    expect(() => core.database.exec('DELETE FROM audit_leaf')).toThrow(/never removed/)
    expect(() => core.database.exec('DELETE FROM audit_pruned')).toThrow(/stays written/)
    expect(() => core.database.exec(`UPDATE audit_leaf SET hash = zeroblob(32) WHERE leaf_index = 0`)).toThrow(
      /never changed/,
    )
  })
})
