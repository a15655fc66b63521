import type { Migration } from '@leadglass/sync-agent/foundation/database'
import { INTAKE } from './0001-intake.ts'
import { RESULTS } from './0002-results.ts'
import { EGRESS } from './0003-egress.ts'
import { MODELS } from './0004-models.ts'
import { PEOPLE } from './0005-people.ts'
import { TOTALS } from './0006-totals.ts'
import { COMMITMENT } from './0007-commitment.ts'
import { STUDY_KEYS } from './0008-study-keys.ts'
import { EVIDENCE } from './0009-evidence.ts'
import { CORRECTIONS } from './0010-corrections.ts'
import { RULES } from './0011-rules.ts'
import { SETTINGS_VERSIONS } from './0012-settings-versions.ts'
import { RETENTION } from './0013-retention.ts'
import { VAULT } from './0014-vault.ts'
import { EGRESS_HOLD } from './0015-egress-hold.ts'
import { PIXEL_REVIEWS } from './0016-pixel-reviews.ts'
import { LEAK_ALARMS } from './0017-leak-alarms.ts'
import { DELIVERY_DESK } from './0018-delivery-desk.ts'
import { RESULT_PROVIDER } from './0019-result-provider.ts'
import { BACKFILL } from './0020-backfill.ts'
import { DEPLOYMENTS } from './0021-deployments.ts'
import { EXPLANATIONS } from './0022-explanations.ts'
import { MEASUREMENTS } from './0023-measurements.ts'
import { RESULT_KINDS } from './0024-result-kinds.ts'
import { AUDIT_FEEDS } from './0026-audit-feeds.ts'
import { BREACHES } from './0027-breaches.ts'
import { SYNC } from './0028-sync.ts'
import { DESIRED_STATE } from './0029-desired-state.ts'
import { AUDIT_DETAILS } from './0031-audit-details.ts'
import { ACTIVATION } from './0035-activation.ts'
import { HALTS } from './0036-halts.ts'
import { DRIFT_PENDING } from './0037-drift-pending.ts'

/** Every step of the schema of records.db, in order. */
export const MIGRATIONS: readonly Migration[] = [
  INTAKE,
  RESULTS,
  EGRESS,
  MODELS,
  PEOPLE,
  TOTALS,
  COMMITMENT,
  STUDY_KEYS,
  EVIDENCE,
  CORRECTIONS,
  RULES,
  SETTINGS_VERSIONS,
  RETENTION,
  VAULT,
  EGRESS_HOLD,
  PIXEL_REVIEWS,
  LEAK_ALARMS,
  DELIVERY_DESK,
  RESULT_PROVIDER,
  BACKFILL,
  DEPLOYMENTS,
  EXPLANATIONS,
  MEASUREMENTS,
  RESULT_KINDS,
  AUDIT_FEEDS,
  BREACHES,
  SYNC,
  DESIRED_STATE,
  AUDIT_DETAILS,
  ACTIVATION,
  HALTS,
  DRIFT_PENDING,
]
