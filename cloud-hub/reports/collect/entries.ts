import { createNoteVerifier, parseVerifierKey, verifyEntry } from '@leadglass/sync-agent/audit-log'
import type Database from 'better-sqlite3'
import { HUB_LOG_ORIGIN } from '../../audit/log-names.ts'
import type { SignedLog } from '../../audit/signed-logs.ts'
import { type Collected, type Evidence, entryEvidence } from '../evidence.ts'
import { FACT_NAMES, FACTS, type Fact } from '../facts.ts'
import type { Period } from '../period.ts'
import { instantOf } from './collector.ts'

/** Entries shown for a word: the newest that a signed checkpoint covers. The others are counted. */
const SHOWN = 2
/** Newest entries that are tried: those since the last checkpoint of a site have no proof yet. */
const TRIED = 50

/** Counted and found by the index of words: a report asks for some fifty words over logs of any length. */
export const SQL_COUNT = `SELECT count(*) AS entries FROM audit_entry e INDEXED BY audit_entry_by_event
  WHERE e.event = ? AND e.at >= ? AND e.at <= ? AND (e.log = (SELECT id FROM audit_log WHERE origin = ?)) = ?`
export const SQL_NEWEST = `SELECT g.origin, e.leaf_index AS leaf, e.at, e.outcome
  FROM audit_entry e INDEXED BY audit_entry_by_event CROSS JOIN audit_log g ON g.id = e.log
  WHERE e.event = ? AND e.at >= ? AND e.at <= ? AND (g.origin = ?) = ? ORDER BY e.at DESC, e.entry DESC LIMIT ${TRIED}`

/** What evidence from the logs is made of. */
export interface EntryParts {
  readonly database: Database.Database
  /** Brings the index up to date, all of it. */
  readonly follow: () => void
  readonly logOf: (origin: string) => SignedLog | undefined
}

interface EntryRow {
  readonly origin: string
  readonly leaf: number
  readonly at: number
  readonly outcome: string
}

/** Proven entries of the period for every fact that is shown by entries. */
export function collectEntries(parts: EntryParts, period: Period): Collected {
  parts.follow()
  const logs = new Map<string, SignedLog | undefined>()
  const logOf = (origin: string): SignedLog | undefined => {
    if (!logs.has(origin)) logs.set(origin, parts.logOf(origin))
    return logs.get(origin)
  }
  const evidence = FACT_NAMES.flatMap((fact) => {
    const { source } = FACTS[fact]
    if (source.by !== 'entries') return []
    return source.events.flatMap((event) =>
      entriesOf(parts.database, logOf, period, { fact, zone: source.zone, event }),
    )
  })
  return { evidence, findings: [] }
}

function entriesOf(
  database: Database.Database,
  logOf: (origin: string) => SignedLog | undefined,
  { from, until }: Period,
  { fact, zone, event }: { readonly fact: Fact; readonly zone: 'hub' | 'site'; readonly event: string },
): Evidence[] {
  const values = [event, from, until, HUB_LOG_ORIGIN, zone === 'hub' ? 1 : 0]
  const { entries } = database.prepare(SQL_COUNT).get(...values) as { readonly entries: number }
  if (entries === 0) return []
  const rows = database.prepare(SQL_NEWEST).all(...values) as EntryRow[]
  const found: Evidence[] = []
  for (const { origin, leaf, at, outcome } of rows) {
    if (found.length === SHOWN) break
    const proof = provenEntry(logOf(origin), leaf)
    if (proof === undefined) continue
    const states = `${event} (${outcome}) at ${instantOf(at)}; ${entries} in the period in ${zone === 'hub' ? 'the hub’s log' : 'the logs of the sites'}`
    found.push(entryEvidence(fact, states, { log: origin, index: leaf, proof }))
  }
  return found
}

/** The proof of an entry; undefined when no signed checkpoint covers it, it was pruned, or the proof does not hold. */
export function provenEntry(signed: SignedLog | undefined, index: number): string | undefined {
  const key = parseVerifierKey(signed?.keys[0] ?? '')
  if (signed === undefined || key === undefined || index >= signed.size) return undefined
  if ((signed.log.leaf(index) ?? new Uint8Array()).length === 0) return undefined
  const proof = signed.log.proofFile(index, signed.note)
  return verifyEntry(proof, { trustedKeys: [createNoteVerifier(key)] }).kind === 'verified' ? proof : undefined
}
