import { createNoteVerifier, parseVerifierKey } from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  type EnvelopeBody,
  type EpochAnswer,
  type EpochRange,
  type EpochRoot as EpochStatement,
  envelopeDigest,
  STREAMS,
  type StreamName,
} from '@leadglass/sync-agent/contract'
import { isEpochStatementSigned, rootOfDigests } from '@leadglass/sync-agent/exchange'
import type { PostgresClient, PostgresPool } from '../../storage/index.ts'
import type { DamagedEffect, EpochRoot } from '../epoch-roots.ts'
import { readEffects } from './effect-rows.ts'

/** Envelopes whose effects are read at a time. */
const PAGE = 500
const READ_EPOCHS = 'SELECT DISTINCT device, epoch FROM stream_watermark ORDER BY device, epoch'
const READ_RANGE = `SELECT id, sequence, kind, digest FROM envelope_inbox
  WHERE device = $1 AND epoch = $2 AND stream = $3 AND sequence BETWEEN $4 AND $5 ORDER BY sequence LIMIT ${PAGE}`
const READ_LAST = `SELECT max(sequence) AS last FROM envelope_inbox WHERE device = $1 AND epoch = $2 AND stream = $3`
const CLOSE = `INSERT INTO epoch_closing (device, epoch, stream, last_sequence) VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING`

type Span = Pick<EpochRange, 'stream' | 'from' | 'to'>

interface Recomputed {
  readonly sequence: number
  readonly accepted: string
  /** From the effect; `undefined` when it is missing or damaged. */
  readonly digest: string | undefined
}

/** True for a statement that the device's own key signed. Until a key is pinned for the device, any is taken. */
export function isStatementSigned(pinned: string | null | undefined, statement: EpochStatement): boolean {
  const key = pinned == null ? undefined : parseVerifierKey(pinned)
  return key === undefined || isEpochStatementSigned(createNoteVerifier(key), statement)
}

/**
 * Compares what a device states of an epoch with what the tables hold, in the transaction that takes the statement; a
 * closed epoch takes nothing more.
 */
export async function compareEpoch(
  client: PostgresClient,
  device: DeviceId,
  statement: EpochStatement,
): Promise<{ readonly answer: EpochAnswer; readonly differences: readonly Span[] }> {
  const { epoch, serial, ranges, closed } = statement
  const own: (string | undefined)[][] = []
  for (const range of ranges) own.push((await digestsOf(client, device, epoch, range)).map(({ digest }) => digest))
  const beyond: Span[] = []
  for (const stream of closed ? STREAMS : []) {
    const stated = ranges.find((range) => range.stream === stream)?.to ?? 0
    const { rows } = await client.query<{ last: number | null }>(READ_LAST, [device, epoch, stream])
    const last = rows[0]?.last ?? null
    if (last !== null && last > stated) beyond.push({ stream, from: stated + 1, to: last })
    await client.query(CLOSE, [device, epoch, stream, stated])
  }
  const answer: EpochAnswer = {
    epoch,
    serial,
    envelopes: own.reduce((sum, digests) => sum + digests.length, 0),
    root: rootOfDigests(own.flat()),
    ranges: own.map((digests) => ({ envelopes: digests.length, root: rootOfDigests(digests) })),
    beyond,
  }
  const differing = ranges.filter((range, i) => range.root !== answer.ranges[i]?.root)
  return { answer, differences: [...differing.map(({ stream, from, to }) => ({ stream, from, to })), ...beyond] }
}

/** Root of every (device, epoch), recomputed from the effect tables, as `epochRoots` does in SQLite. */
export async function postgresEpochRoots(pool: PostgresPool): Promise<{
  readonly roots: EpochRoot[]
  readonly damaged: DamagedEffect[]
}> {
  const { rows } = await pool.query<{ device: DeviceId; epoch: number }>(READ_EPOCHS)
  const roots: EpochRoot[] = []
  const damaged: DamagedEffect[] = []
  for (const { device, epoch } of rows) {
    const digests: (string | undefined)[] = []
    for (const stream of STREAMS) {
      for (const one of await digestsOf(pool, device, epoch, { stream, from: 1, to: Number.MAX_SAFE_INTEGER })) {
        if (one.digest !== one.accepted) damaged.push({ device, epoch, stream, sequence: one.sequence })
        digests.push(one.digest)
      }
    }
    roots.push({ device, epoch, envelopes: digests.length, root: rootOfDigests(digests) })
  }
  return { roots, damaged }
}

async function digestsOf(
  client: PostgresClient | PostgresPool,
  device: DeviceId,
  epoch: number,
  { stream, from, to }: Span,
): Promise<Recomputed[]> {
  const found: Recomputed[] = []
  for (let next = from; ; ) {
    const { rows } = await client.query<InboxRow>({
      name: 'read-range',
      text: READ_RANGE,
      values: [device, epoch, stream, next, to],
    })
    const bodies = await readEffects(client, rows)
    for (const [i, row] of rows.entries()) found.push(recompute({ device, epoch, stream }, row, bodies[i]))
    if (rows.length < PAGE) return found
    next = (rows.at(-1)?.sequence ?? to) + 1
  }
}

interface InboxRow {
  readonly id: number
  readonly sequence: number
  readonly kind: EnvelopeBody['kind']
  readonly digest: string
}

function recompute(
  place: { readonly device: DeviceId; readonly epoch: number; readonly stream: StreamName },
  { sequence, digest: accepted }: InboxRow,
  body: EnvelopeBody | undefined,
): Recomputed {
  return {
    sequence,
    accepted,
    digest: body === undefined ? undefined : envelopeDigest({ ...place, sequence }, body),
  }
}
