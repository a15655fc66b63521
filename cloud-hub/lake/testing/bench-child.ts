import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { openHubDatabase } from '../../storage/database.ts'
import { Lake } from '../lake.ts'
import { SyntheticSource } from './synthetic-source.ts'

// Measures a lake of its own: prints one line of JSON, everything in seconds, bytes and rows. A process of its own, so
// that its peak memory is the lake's.
const [instances = 0, sites = 0, days = 0, length = 0] = process.argv.slice(2).map(Number)
const folder = await mkdtemp(join(tmpdir(), 'lake-bench-'))
const database = openHubDatabase(folder)
try {
  const source = new SyntheticSource({ instances, sites, days, length })
  const lake = new Lake(database, join(folder, 'lake'), systemClock, source)
  const tell = (step: string): void => void process.stderr.write(`${step}\n`)
  const timed = async <T>(
    step: string,
    act: () => Promise<T>,
  ): Promise<{ readonly seconds: number; readonly of: T }> => {
    tell(step)
    const started = performance.now()
    const of = await act()
    return { seconds: (performance.now() - started) / 1000, of }
  }
  const size = async (): Promise<{ files: number; bytes: number; featureBytes: number }> => {
    const { tables } = await lake.status()
    const sum = (of: 'files' | 'bytes'): number => tables.reduce((all, table) => all + table[of], 0)
    const features = tables.find((one) => one.table === 'features')
    return { files: sum('files'), bytes: sum('bytes'), featureBytes: features?.bytes ?? 0 }
  }
  const written = await timed('writing', () => lake.catchUp())
  const before = await size()
  const compacted = await timed('putting files together', () => lake.compact())
  const after = await size()
  const at = '2025-06-01T00:00:00.000Z'
  const ask = (step: string, sql: string) => timed(step, async () => (await lake.query(sql, 10)).rows[0]?.[0])
  const counted = await ask('counting', 'SELECT count(*) FROM (SELECT site, count(*) FROM features GROUP BY site)')
  const known = await ask('point in time', `SELECT count(label) FROM known_at('${at}', 'pneumonia')`)
  const asof = await ask('label at score', "SELECT count(label) FROM label_at_score('pneumonia')")
  const digest = 'ab'.repeat(32)
  const frozen = await timed('taking a dataset', () =>
    lake.createSnapshot({
      finding: 'pneumonia',
      model: 'chest-radiograph',
      parentDigest: digest,
      backboneOf: new Map([[digest, 'cd'.repeat(32)]]),
      backbone: 'cd'.repeat(32),
      embeddingLength: length,
    }),
  )
  const verified = await timed('verifying', () => lake.verify())
  const { accounting } = frozen.of.manifest
  process.stdout.write(
    JSON.stringify({
      envelopes: source.envelopes,
      writeSeconds: written.seconds,
      before,
      compactSeconds: compacted.seconds,
      compactedBytes: compacted.of.bytes,
      after,
      countSeconds: counted.seconds,
      knownAtSeconds: known.seconds,
      labelAtScoreSeconds: asof.seconds,
      snapshotSeconds: frozen.seconds,
      snapshotRows: accounting.rows,
      unaccounted:
        accounting.envelopes - accounting.rows - Object.values(accounting.excluded).reduce((sum, n) => sum + n, 0),
      verifySeconds: verified.seconds,
      findings: verified.of.length,
    }),
  )
} finally {
  database.close()
  await rm(folder, { recursive: true, force: true })
}
