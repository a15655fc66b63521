import type { DriftCounts } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TwoSides } from './two-sides.ts'

const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }
const PERSON = { kind: 'person', id: 'site-admin-1' } as const
const REASON = 'the disk was put back to the state of last night'

function drift(bin: number): DriftCounts {
  return {
    kind: 'drift-counts',
    model: MODEL,
    feature: 'score.pneumonia',
    month: '2020-03',
    cells: [{ bin, count: 11 }],
  }
}

describe('a box that was put back to an earlier state without anybody noticing', () => {
  let sides: TwoSides

  beforeEach(async () => {
    sides = await TwoSides.make()
  })
  afterEach(() => sides.dispose())

  const atTheHub = (): number[] =>
    sides.hub.database
      .prepare('SELECT bin FROM drift_cells ORDER BY bin')
      .all()
      .map((row) => (row as { readonly bin: number }).bin)
  const leaves = (): string[] =>
    sides.records.database
      .prepare('SELECT CAST(leaf AS TEXT) AS leaf FROM audit_leaf ORDER BY leaf_index')
      .all()
      .map((row) => (row as { readonly leaf: string }).leaf)

  /** The hub has counts 0 to 9; the box forgets those after the fourth and what the hub said, and goes on with others. */
  async function putBack(): Promise<void> {
    sides.seal(...Array.from({ length: 10 }, (_, i) => drift(i)))
    await sides.settle(2)
    expect(atTheHub()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    sides.records.database.exec(`DELETE FROM envelope WHERE stream = 'drift' AND sequence > 4;
      UPDATE egress_counter SET last_sequence = 4, relayed = 4, acknowledged = 4 WHERE stream = 'drift'`)
    sides.forget()
    sides.seal(...Array.from({ length: 9 }, (_, i) => drift(100 + i)))
    await sides.settle(2)
  }

  it('is told in which places the hub holds something else; nothing there takes effect, and what comes after does', async () => {
    await putBack()
    // Places 5 to 10 were taken; 11 to 13 are new.
    expect(atTheHub()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 106, 107, 108])
    expect(sides.records.egress.openRefusals()).toMatchObject([
      { epoch: 1, stream: 'drift', code: 'conflict', count: 6, first: 5, last: 10 },
    ])
    const alarm = sides.hub.database.prepare("SELECT 1 AS there FROM ingest_alarm WHERE code = 'device-cloned'").get()
    expect(alarm).toEqual({ there: 1 })
  })

  it('has it sealed again by a person: once, in an epoch of its own, with who and why in the log', async () => {
    await putBack()
    expect(sides.resealDesk.reseal(PERSON, REASON)).toMatchObject({ kind: 'resealed', epoch: 2, envelopes: 6 })
    expect(sides.records.egress.openRefusals()).toEqual([])
    await sides.settle()
    expect(atTheHub()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...Array.from({ length: 9 }, (_, i) => 100 + i)])
    expect(sides.resealDesk.reseal(PERSON, REASON)).toEqual({ kind: 'nothing' })
    const opened = leaves().filter((leaf) => leaf.includes('epoch.opened'))
    expect(opened).toHaveLength(1)
    expect(opened[0]).toContain('site-admin-1')
    expect(opened[0]).toContain('"conflict","resealed-6"')
    // The words of a person stay at the site: the leaf commits to them.
    expect(opened[0]).not.toContain('last night')
    expect(JSON.parse(opened[0] ?? '{}')).toHaveProperty('commitment')
  })

  it('is in one state or the other when the box is killed in between', async () => {
    await putBack()
    const broken = `CREATE TRIGGER broken BEFORE INSERT ON envelope WHEN NEW.epoch = 2 AND NEW.sequence = 3
      AND NEW.stream = 'drift' BEGIN SELECT RAISE(ABORT, 'killed'); END`
    sides.records.database.exec(broken)
    expect(() => sides.resealDesk.reseal(PERSON, REASON)).toThrow('killed')
    sides.restartEdge()
    expect(sides.records.sync.epochs(1)).toMatchObject([{ epoch: 1 }])
    expect(sides.records.egress.openRefusals()).toMatchObject([{ count: 6 }])
    sides.records.database.exec('DROP TRIGGER broken')
    expect(sides.resealDesk.reseal(PERSON, REASON)).toMatchObject({ envelopes: 6 })
  })
})
