import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary } from './activation/index.ts'
import { Deidentifier, type DeidentifyProfile, type SiteKeys } from './deidentify/index.ts'
import type { AuditSink } from './egress/index.ts'
import type { Records } from './records/index.ts'
import type { ScoringPool } from './scoring/index.ts'
import { defaultScoringApiLimits, type ScoringApiContext, ScoringTokens } from './scoring-api/index.ts'

/** What the scoring interface is made of. */
interface ScoringApiParts {
  readonly records: Records
  readonly pool: ScoringPool
  readonly library: ModelLibrary
  readonly keys: SiteKeys
  readonly profile: DeidentifyProfile
  readonly folders: { readonly work: string }
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** Puts the scoring interface together. The profile that judges is the one that cleans the site's own studies. */
export function composeScoringApi(parts: ScoringApiParts): ScoringApiContext & { readonly tokens: ScoringTokens } {
  const { pool, library, keys, profile, folders, audit, clock, logger } = parts
  return {
    pool,
    library,
    deidentifier: new Deidentifier({ keys, profile }),
    workFolder: folders.work,
    tokens: new ScoringTokens(parts),
    audit,
    clock,
    logger: logger.child({ room: 'scoring-api' }),
    limits: defaultScoringApiLimits,
  }
}
