import { z } from 'zod'

const count = z.number().int().min(0)

/** GET /api/lake. */
export const lakeStatus = z.object({
  /** The last envelope of the hub's inbox that is in the lake. */
  envelope: count,
  movedAt: z.string().nullable(),
  tables: z.array(
    z.object({
      table: z.string(),
      rows: count,
      files: count,
      bytes: count,
      version: count,
      /** SHA-256 of the version's manifest; stands for all files of the table. */
      digest: z.string().nullable(),
      /** The oldest version that can still be read. */
      readableFrom: count,
      sites: count,
    }),
  ),
  /** What each site sent against what lies in the lake: `envelopes` is `rows` plus `erased`. */
  accounts: z.array(
    z.object({
      site: z.string(),
      kind: z.string(),
      table: z.string(),
      envelopes: count,
      erased: count,
      rows: count,
      balanced: z.boolean(),
    }),
  ),
})
export type LakeStatusView = z.infer<typeof lakeStatus>

/** Whether a dataset snapshot is what it was, or an erasure took its rows. */
export const snapshotState = z.enum(['intact', 'superseded-by-erasure'])

/** GET /api/lake/snapshots: the newest first, each with its account from envelope to row. */
export const lakeSnapshots = z.object({
  snapshots: z.array(
    z.object({
      digest: z.string(),
      finding: z.string(),
      model: z.string(),
      createdAt: z.string(),
      state: snapshotState,
      erasure: z.string().nullable(),
      envelopes: count,
      rows: count,
      positives: count,
      patients: count,
      /** Envelopes that are no row, by the rule that left them out, in the words of a person. */
      excluded: z.array(z.object({ reason: z.string(), words: z.string(), envelopes: count })),
      noisySites: z.array(z.object({ site: z.string(), auc: z.number(), upper: z.number() })),
      cutoff: z.string().nullable(),
      /** Digest of the version of each table that it was taken from. */
      versions: z.record(z.string(), z.string()).nullable(),
    }),
  ),
})
export type LakeSnapshotView = z.infer<typeof lakeSnapshots>['snapshots'][number]

/** GET /api/lake/snapshots/:digest/state. */
export const lakeSnapshotState = z.object({ digest: z.string(), state: snapshotState })

/** POST /api/lake/verification. */
export const lakeVerification = z.object({
  files: count,
  findings: z.array(z.object({ table: z.string(), what: z.string(), where: z.string() })),
})

/** POST /api/lake/compaction. */
export const lakeCompactionRequest = z.strictObject({ least: z.number().int().min(2).max(1000).default(2) })
export const lakeCompaction = z.object({ before: count, after: count, rows: count, bytes: count })

/** POST /api/lake/query. */
export const lakeQueryRequest = z.strictObject({
  sql: z.string().trim().min(1).max(20_000),
  limit: z.number().int().min(1).max(10_000).default(100),
})
export const lakeQueryAnswer = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean(),
})

/** POST /api/lake/erasures. The pseudonym is not kept and not answered. */
export const lakeErasureRequest = z.strictObject({
  site: z.string().min(3).max(48),
  patient: z.string().regex(/^[0-9a-f]{32}$/),
  reason: z.string().trim().min(1).max(500),
})
export const lakeErasure = z.object({
  erasure: z.string(),
  site: z.string(),
  requestedBy: z.string(),
  envelopes: count,
  rows: count,
  filesBefore: count,
  filesAfter: count,
  snapshots: z.array(z.string()),
})

/** GET /api/lake/erasures, newest first. `report` is null while one is under way. */
export const lakeErasures = z.object({
  erasures: z.array(
    z.object({
      erasure: z.string(),
      site: z.string(),
      requestedBy: z.string(),
      reason: z.string(),
      begunAt: z.string(),
      finishedAt: z.string().nullable(),
      envelopes: count,
      report: lakeErasure.nullable(),
    }),
  ),
})

/** POST /api/lake/revoked-readers. `reader` is the pseudonym under which the site names them. */
export const readerRevocation = z.strictObject({
  site: z.string().min(3).max(48),
  reader: z.string().regex(/^[0-9a-f]{32}$/),
  reason: z.string().trim().min(1).max(500),
})

/** GET /api/lake/revoked-readers. */
export const revokedReaders = z.object({
  readers: z.array(
    z.object({
      site: z.string(),
      reader: z.string(),
      revokedBy: z.string(),
      reason: z.string(),
      revokedAt: z.string(),
    }),
  ),
})
