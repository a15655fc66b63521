import type { Migration } from '@leadglass/sync-agent/foundation/database'
import { INTAKE } from './0001-intake.ts'
import { RESULTS } from './0002-results.ts'
import { EGRESS } from './0003-egress.ts'
import { MODELS } from './0004-models.ts'
import { PEOPLE } from './0005-people.ts'
import { TOTALS } from './0006-totals.ts'
import { COMMITMENT } from './0007-commitment.ts'

/** Every step of the schema of records.db, in order. */
export const MIGRATIONS: readonly Migration[] = [INTAKE, RESULTS, EGRESS, MODELS, PEOPLE, TOTALS, COMMITMENT]
