import { readFileSync } from 'node:fs'
import { type Clock, type Logger, RepeatedLook, type Service } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { archiveOf } from './archive.ts'
import { exportLines } from './export.ts'
import type { HubAudit } from './hub-audit.ts'
import { AuditRetention } from './retention.ts'
import { SavedViews } from './saved-views.ts'
import type { AuditQuery } from './search.ts'
import { AuditIndex, INDEX_EVERY_MS, INDEX_STEP } from './search-index.ts'
import { type SignedLog, SignedLogs } from './signed-logs.ts'
import type { SiteAuditMirror } from './site-mirror.ts'

/** The program that verifies an export, as an auditor gets it. */
const VERIFIER = new URL('./verify.mjs', import.meta.url)

/** Entries that a chosen export takes at most; a whole log has no such limit. */
const MOST_CHOSEN = 50_000
const PAGE = 1_000

/** Where auditors work: search, saved views, exports, retention. */
export class AuditDesk {
  readonly index: AuditIndex
  readonly views: SavedViews
  readonly logs: SignedLogs
  readonly retention: AuditRetention
  readonly #clock: Clock

  constructor(database: Database.Database, audit: HubAudit, mirror: SiteAuditMirror, clock: Clock) {
    this.index = new AuditIndex(database)
    this.views = new SavedViews(database, audit, clock)
    this.logs = new SignedLogs(database, audit, mirror)
    const signed = (origin: string): SignedLog | undefined => this.logs.of(origin)
    this.retention = new AuditRetention({ database, audit, index: this.index, clock, signed })
    this.#clock = clock
  }

  /** Lets the index follow the logs while the hub runs. */
  following(logger: Logger): Service {
    const look = (): number => this.index.follow(INDEX_STEP)
    return new RepeatedLook({ name: 'audit.index', everyMs: INDEX_EVERY_MS, look, logger })
  }

  /** The source of the verifier. */
  verifier(): string {
    return readFileSync(VERIFIER, 'utf8')
  }

  /** A ustar archive of an export, the verifier and what to do with them. `query` narrows to what it finds. */
  async archive(signed: SignedLog, query: AuditQuery): ReturnType<typeof archiveOf> {
    const narrowed = Object.entries(query).filter(([name, value]) => name !== 'origin' && value !== undefined)
    const chosen = narrowed.length === 0 ? null : this.#indexesOf({ ...query, origin: signed.log.origin }, signed.size)
    const { log, note, keys, hashOf } = signed
    const earlier = signed.earlier()
    const lines = (): Iterable<string> =>
      exportLines({ log, hashOf, checkpointNote: note, earlier, keys, chosen, query: Object.fromEntries(narrowed) })
    return archiveOf(
      [
        { name: 'README.txt', lines: () => [README] },
        { name: 'verify.mjs', lines: () => [this.verifier()] },
        { name: 'export.jsonl', lines },
      ],
      Math.floor(this.#clock.now() / 1000),
    )
  }

  #indexesOf(query: AuditQuery, size: number): readonly number[] {
    const found: number[] = []
    let page = this.index.search(query, null, PAGE)
    for (;;) {
      for (const { index } of page.entries) if (index < size) found.push(index)
      if (page.next === null || found.length >= MOST_CHOSEN) break
      page = this.index.search(query, page.next, PAGE)
    }
    return found.slice(0, MOST_CHOSEN).sort((a, b) => a - b)
  }
}

const README = `An export of a Leadglass audit log.

export.jsonl  the entries, the signed checkpoints, and the proofs that connect them
verify.mjs    verifies them; needs Node 18 or later, opens no socket

Take the trusted keys from your own copy, not from the export or the system that made it:

  node verify.mjs export.jsonl --keys trusted-keys.txt --cosignatures 1

An export of a whole log is proven complete. Of an export of chosen entries each entry is proven to stand in the log;
that nothing was left out of the choice can be proven only with the whole log.
`
