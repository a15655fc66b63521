import { rowsOf } from '../duckdb.ts'
import type { SelectionRules, StandingExclusions } from '../rules.ts'
import { type Selection, selectRows } from '../selection.ts'
import type { TestEnvelope } from './memory-source.ts'
import { withTables } from './tables.ts'

/** Rules of a dataset of `chest` for pneumonia, with embeddings of two numbers. */
export const TEST_RULES: SelectionRules = {
  backboneOf: new Map([
    ['ab', 'backbone'],
    ['cd', 'another'],
  ]),
  backbone: 'backbone',
  embeddingLength: 2,
}

/** What became of an envelope; ids are places in the list, from 1. */
export interface Decided {
  readonly envelope: number
  readonly site: string
  readonly study: string
  readonly patient: string
  readonly generation: number
  readonly label: number | null
  readonly reason: string | null
}

/** Decides over envelopes in tables in memory, as a snapshot does over files. */
export async function decide(
  envelopes: readonly TestEnvelope[],
  rules: Partial<SelectionRules> = {},
  standing: Partial<StandingExclusions> = {},
): Promise<{ readonly outcomes: readonly Decided[]; readonly selection: Selection }> {
  return withTables(envelopes, async (connection) => {
    const selection = await selectRows(
      connection,
      { finding: 'pneumonia', model: 'chest' },
      { ...TEST_RULES, ...rules },
      { revokedReaders: [], erasedSubjects: [], ...standing },
    )
    const outcomes = await rowsOf<Decided>(
      connection,
      'SELECT envelope, site, study, patient, generation, label, reason FROM pick ORDER BY envelope',
    )
    return { outcomes, selection }
  })
}
