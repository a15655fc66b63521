import { AuditLog, type CompletedSubtree, type LogStore, leafHash } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { siteLogOrigin } from '../../audit/log-names.ts'
import type { PostgresClient } from '../../storage/index.ts'
import type { StagedRows } from './staged-rows.ts'

const READ_SIZES = `SELECT device, max(leaf_index) + 1 AS size FROM site_leaf WHERE device = ANY ($1) GROUP BY device`
const READ_LEAVES = `SELECT l.device, l.leaf_index, l.leaf FROM unnest($1::text[], $2::bigint[]) AS w (device, leaf_index)
  JOIN site_leaf l USING (device, leaf_index)`
const READ_NODES = `SELECT n.device, n.level, n.position, n.hash
  FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS w (device, level, position)
  JOIN site_subtree n USING (device, level, position)
  UNION ALL SELECT l.device, 0, l.leaf_index, l.hash
  FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS w (device, level, position)
  JOIN site_leaf l ON w.level = 0 AND l.device = w.device AND l.leaf_index = w.position`

/** What a transaction is going to ask of one site's log. */
export interface LogQuestions {
  /** Indices of the leaves that come; those that are there already are compared. */
  readonly leaves: readonly number[]
  /** Sizes whose roots are asked for. */
  readonly sizes: readonly number[]
}

/** A site's log as one transaction sees it: what it may ask was read before, what it appends is staged. */
class StagedLogStore implements LogStore {
  readonly #rows: StagedRows
  readonly #device: DeviceId
  readonly #leaves: Map<number, Uint8Array>
  readonly #nodes: Map<string, Uint8Array>
  #size: number

  constructor(rows: StagedRows, device: DeviceId, known: KnownLog) {
    this.#rows = rows
    this.#device = device
    this.#leaves = known.leaves
    this.#nodes = known.nodes
    this.#size = known.size
  }

  readonly subtree: LogStore['subtree'] = (level, position) => {
    const hash = this.#nodes.get(`${level}/${position}`)
    if (hash === undefined) throw new RangeError('the subtree is not complete')
    return hash
  }

  size(): number {
    return this.#size
  }

  leaf(index: number): Uint8Array | undefined {
    return this.#leaves.get(index)
  }

  leaves(from: number, to: number): Iterable<Uint8Array> {
    return Array.from({ length: to - from }, (_, i) => this.#leaves.get(from + i) ?? new Uint8Array())
  }

  append(index: number, leaf: Uint8Array, completed: readonly CompletedSubtree[]): void {
    if (index !== this.#size) throw new RangeError('a leaf is appended at the end of its log')
    this.#size += 1
    this.#leaves.set(index, leaf)
    for (const { level, position, hash } of completed) {
      this.#nodes.set(`${level}/${position}`, hash)
      if (level > 0) this.#rows.add('site_subtree', this.#device, level, position, base64(hash))
    }
    this.#rows.add('site_leaf', this.#device, index, base64(leaf), base64(leafHash(leaf)))
  }
}

interface KnownLog {
  size: number
  readonly leaves: Map<number, Uint8Array>
  readonly nodes: Map<string, Uint8Array>
}

/**
 * Reads what a transaction will ask of the sites' logs: sizes, the complete subtrees that a leaf can join, those that
 * make up an earlier root, and leaves that came again. Three statements, however many devices.
 */
export async function readSiteLogs(
  client: PostgresClient,
  questions: ReadonlyMap<DeviceId, LogQuestions>,
  rows: StagedRows,
  clock: Clock,
): Promise<ReadonlyMap<DeviceId, AuditLog>> {
  const devices = [...questions.keys()]
  if (devices.length === 0) return new Map()
  const known = new Map<string, KnownLog>(
    devices.map((device) => [device, { size: 0, leaves: new Map(), nodes: new Map() }]),
  )
  const sizes = await client.query<{ device: string; size: number }>({
    name: 'log-sizes',
    text: READ_SIZES,
    values: [devices],
  })
  for (const { device, size } of sizes.rows) entry(known, device).size = size
  const nodes: [string, number, number][] = []
  const leaves: [string, number][] = []
  for (const [device, asked] of questions) {
    const { size } = entry(known, device)
    for (const at of new Set([size, ...asked.sizes.filter((one) => one < size)])) {
      for (const { level, position } of peaksOf(at)) nodes.push([device, level, position])
    }
    // The last leaf as well: the time of the next one is held against it.
    const wanted = new Set([...asked.leaves, size - 1].filter((index) => index >= 0 && index < size))
    for (const index of wanted) leaves.push([device, index])
  }
  if (nodes.length > 0) {
    const found = await client.query<{ device: string; level: number; position: number; hash: Buffer }>({
      name: 'log-nodes',
      text: READ_NODES,
      values: [nodes.map(([device]) => device), nodes.map(([, level]) => level), nodes.map(([, , at]) => at)],
    })
    for (const { device, level, position, hash } of found.rows) {
      entry(known, device).nodes.set(`${level}/${position}`, hash)
    }
  }
  if (leaves.length > 0) {
    const found = await client.query<{ device: string; leaf_index: number; leaf: Buffer }>({
      name: 'log-leaves',
      text: READ_LEAVES,
      values: [leaves.map(([device]) => device), leaves.map(([, index]) => index)],
    })
    for (const { device, leaf_index, leaf } of found.rows) entry(known, device).leaves.set(leaf_index, leaf)
  }
  return new Map(
    devices.map((device) => {
      const store = new StagedLogStore(rows, device, entry(known, device))
      return [device, new AuditLog({ origin: siteLogOrigin(device), store, clock })]
    }),
  )
}

/** The complete subtrees that make up a tree of `size` leaves (RFC 6962 2.1), largest first. */
export function peaksOf(size: number): { readonly level: number; readonly position: number }[] {
  const peaks: { level: number; position: number }[] = []
  let rest = size
  for (let begin = 0; rest > 0; ) {
    const level = Math.floor(Math.log2(rest))
    const width = 2 ** level
    peaks.push({ level, position: begin / width })
    begin += width
    rest -= width
  }
  return peaks
}

function entry(known: ReadonlyMap<string, KnownLog>, device: string): KnownLog {
  const one = known.get(device)
  if (one === undefined) throw new RangeError('a row of a log that was not asked for')
  return one
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
