import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuditLog,
  createCosigner,
  createNoteSigner,
  encodeVerifierKey,
  generateSigningKey,
  MemoryLogStore,
  parsePolicy,
  SIGNATURE_TYPE,
  verifierKeyOf,
  WitnessFile,
  WitnessRound,
} from '@leadglass/sync-agent/audit-log'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyAuditFile } from './verify-file.ts'
import { WitnessServer } from './witness-server.ts'

const ORIGIN = 'leadglass/box-01/audit'
const NAME = 'hospital.example/witness'

describe('a third witness as a server of its own', () => {
  const logKey = generateSigningKey()
  const witnessKey = generateSigningKey()
  const vkey = encodeVerifierKey(verifierKeyOf(NAME, witnessKey, SIGNATURE_TYPE.cosignature))
  const logVkey = encodeVerifierKey(verifierKeyOf(ORIGIN, logKey))
  let folder: string
  let server: WitnessServer

  const logOf = (...words: readonly string[]): AuditLog => {
    const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: new ManualClock(0) })
    for (const word of words) log.appendLeaf(Buffer.from(word))
    return log
  }
  const open = async (): Promise<void> => {
    const memory = new WitnessFile(join(folder, 'witness.json'), [logVkey])
    const cosigner = () => createCosigner(NAME, witnessKey, 1_700_000_000)
    server = new WitnessServer({ host: '127.0.0.1', port: 0 }, { memory, cosigner })
    await server.start()
  }
  /** One round of a log that has never asked before, or has forgotten it. */
  const ask = async (log: AuditLog): Promise<{ readonly lines: string; readonly diverged: boolean }> => {
    const result = { lines: '', diverged: false }
    const source = {
      newest: () => log.checkpoint(createNoteSigner(ORIGIN, logKey)),
      proofFrom: (old: number, size: number) => log.consistencyProof(old, size),
      cosignedSize: () => 0,
      keep: (_witness: string, _size: number, lines: string) => {
        result.lines = lines
      },
      diverged: () => {
        result.diverged = true
      },
    }
    const targets = () => [{ url: `http://127.0.0.1:${server.port}/`, key: vkey }]
    await new WitnessRound({ source, targets, intervalMs: 1000, logger: silentLogger }).round()
    return result
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'witness-'))
    await open()
  })
  afterEach(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('cosigns what continues, over its own restart, and finds a cut and a fork', async () => {
    expect((await ask(logOf('a', 'b', 'c'))).lines).toContain(`— ${NAME} `)
    await server.stop()
    await open()
    expect((await ask(logOf('a', 'b', 'c', 'd'))).lines).toContain(`— ${NAME} `)
    expect(await ask(logOf('a', 'b', 'c'))).toEqual({ lines: '', diverged: true })
    expect(await ask(logOf('a', 'b', 'c', 'x'))).toEqual({ lines: '', diverged: true })
    expect(await ask(logOf('a', 'x', 'c', 'd', 'e'))).toEqual({ lines: '', diverged: true })
  })

  it('is what a policy asks for', async () => {
    const log = logOf('a', 'b', 'c')
    const note = log.checkpoint(createNoteSigner(ORIGIN, logKey))
    const { lines } = await ask(log)
    const parsed = parsePolicy(`log ${logVkey}\nwitness hospital ${vkey}\nquorum hospital\n`)
    if (parsed.kind === 'refused') throw new Error(parsed.reason)
    const { policy } = parsed
    const keys = { logs: policy.logs, witnesses: policy.witnesses, policy }
    expect(verifyAuditFile(log.proofFile(1, `${note}${lines}`), keys, 0).verdict).toBe('verified')
    expect(verifyAuditFile(log.proofFile(1, note), keys, 0)).toMatchObject({ reason: 'not-cosigned' })
  })

  it('has one address, takes nothing else, and nothing that is too long', async () => {
    const base = `http://127.0.0.1:${server.port}`
    expect((await fetch(`${base}/add-checkpoint`)).status).toBe(405)
    expect((await fetch(`${base}/other`, { method: 'POST', body: 'x' })).status).toBe(404)
    expect((await fetch(`${base}/add-checkpoint`, { method: 'POST', body: 'x' })).status).toBe(400)
    expect((await fetch(`${base}/add-checkpoint`, { method: 'POST', body: 'x'.repeat(200_000) })).status).toBe(400)
  })
})
