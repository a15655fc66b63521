import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AUDIT_LOG_SCHEMA,
  AuditLog,
  CompactRange,
  createNoteSigner,
  createNoteVerifier,
  generateSigningKey,
  type IndexedLeaf,
  MemoryLogStore,
  SqliteLogStore,
  signCheckpoint,
  verifierKeyOf,
  verifyLog,
} from '@leadglass/sync-agent/audit-log'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import { InstallerError } from '../errors.ts'
import { describeMachine } from '../harness/machine.ts'
import { type HarnessReport, judge } from '../harness/report.ts'
import type { Harness, HarnessOptions } from '../harness/run-harness.ts'

const ORIGIN = 'leadglass/bench-box/audit'
const DEFAULT_ENTRIES = 1_000_000
const FULL_ENTRIES = 10_000_000
/** The goal of verification is stated for this many; fewer are judged by their share of the time. */
const GOAL_ENTRIES = 10_000_000
const APPENDED = 200_000
const BATCH = 5000

/**
 * The audit log: appending in memory and into SQLite with durable transactions, and verifying a whole log against its
 * signed checkpoint. `--size` is the number of entries verified, `--full` is ten million.
 */
export const auditBench: Harness = {
  name: 'audit',
  summary: 'append to the audit log, and verify a long one',
  run: benchAudit,
}

async function benchAudit(options: HarnessOptions): Promise<HarnessReport> {
  const entries = options.full === true ? FULL_ENTRIES : (options.size ?? DEFAULT_ENTRIES)
  const { progress } = options
  progress.step('appending in memory')
  const memory = appendInMemory()
  progress.step('appending into SQLite')
  const database = await appendIntoDatabase()
  progress.step(`verifying ${entries} entries`)
  const verification = verify(entries)
  const whole = (verification.seconds * GOAL_ENTRIES) / entries
  return {
    name: 'audit',
    machine: describeMachine(),
    runs: 1,
    results: [
      { measure: 'append in memory', entries: APPENDED, 'entries/s': Math.round(APPENDED / memory) },
      {
        measure: `append into SQLite, ${BATCH} a transaction, synchronous=FULL`,
        entries: APPENDED,
        'entries/s': Math.round(APPENDED / database),
      },
      {
        measure: 'verify',
        entries,
        seconds: verification.seconds,
        'entries/s': Math.round(entries / verification.seconds),
        'MB/s': verification.bytes / verification.seconds / 1e6,
      },
    ],
    ratios: [
      judge('append in memory, entries/s', APPENDED / memory, '>= 100000'),
      judge('append into SQLite, entries/s', APPENDED / database, '>= 100000'),
      judge(`verify ten million, seconds${entries < GOAL_ENTRIES ? ' (by share)' : ''}`, whole, '<= 60'),
    ],
  }
}

/** A leaf of ordinary length, another one for every index; in verification its making is part of the time, as reading a file would be. */
function leafAt(index: number): Buffer {
  return Buffer.from(
    `{"actor":{"id":"scoring","kind":"system"},"at":"2026-01-01T00:00:00Z","codes":["chest-radiograph"],"event":"study.scored","outcome":"success","schema":"leadglass.audit-event/1","subject":{"id":"${index.toString(16).padStart(32, '0')}","kind":"study"}}`,
  )
}

function appendInMemory(): number {
  const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: systemClock })
  const leaves = Array.from({ length: APPENDED }, (_, i) => leafAt(i))
  const started = performance.now()
  for (const leaf of leaves) log.appendLeaf(leaf)
  return secondsSince(started)
}

async function appendIntoDatabase(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-bench-audit-'))
  const database = openDatabase({
    path: join(folder, 'audit.db'),
    migrations: [{ number: 1, name: 'audit-log', sql: AUDIT_LOG_SCHEMA }],
  })
  try {
    const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
    const leaves = Array.from({ length: APPENDED }, (_, i) => leafAt(i))
    const appendBatch = database.transaction((from: number) => log.appendLeaves(leaves.slice(from, from + BATCH)))
    const started = performance.now()
    for (let from = 0; from < APPENDED; from += BATCH) appendBatch.immediate(from)
    return secondsSince(started)
  } finally {
    database.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Entries come one after the other, as from a file: nothing but the tree's edge is held in memory. */
function verify(entries: number): { readonly seconds: number; readonly bytes: number } {
  const key = generateSigningKey()
  const checkpoint = (root: Uint8Array): string =>
    signCheckpoint({ origin: ORIGIN, size: entries, root }, [createNoteSigner(ORIGIN, key)])
  const trustedKeys = [createNoteVerifier(verifierKeyOf(ORIGIN, key))]
  const root = rootOf(entries)
  let bytes = 0
  function* leaves(): Generator<IndexedLeaf> {
    for (let index = 0; index < entries; index++) {
      const leaf = leafAt(index)
      bytes += leaf.length
      yield { index, leaf }
    }
  }
  const started = performance.now()
  const verdict = verifyLog({ leaves: leaves(), checkpointNote: checkpoint(root), trustedKeys })
  const seconds = secondsSince(started)
  if (verdict.kind === 'verified' && verdict.size === entries) return { seconds, bytes }
  throw new InstallerError('process-failed', {
    message: 'the log of the bench was not verified',
    effect: 'there is no figure',
    nextStep: 'run the tests of sync-agent/audit-log',
  })
}

function rootOf(entries: number): Uint8Array {
  const range = new CompactRange()
  for (let index = 0; index < entries; index++) range.append(leafAt(index))
  return range.root()
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}
