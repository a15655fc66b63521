import type { ModelPackage } from '@leadglass/models'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { IdentityOverlay } from './corrections/index.ts'
import type { AuditSink } from './egress/index.ts'
import { AutomaticExplanations, ExplanationDesk, type ShownExplanation } from './explanation/index.ts'
import { type Gate, queueHeatMap } from './pipeline/index.ts'
import type { Records } from './records/index.ts'
import type { ScoringPool } from './scoring/index.ts'
import type { CurrentSettings } from './settings.ts'

/** What explanations are made of. */
export interface ExplanationParts {
  readonly records: Records
  readonly spool: { read(digest: string): Promise<Uint8Array> }
  readonly gate: Gate
  readonly pool: Pick<ScoringPool, 'explain'>
  readonly activeModels: () => readonly ModelPackage[]
  readonly workFolder: string
  readonly settings: CurrentSettings
  /** False while the disk or the queue is under pressure. */
  readonly mayWork: () => boolean
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  readonly box: { readonly name: string; readonly softwareVersion: string }
  readonly overlayOf: (studyId: number) => IdentityOverlay | undefined
  /** Results wait to be delivered. */
  readonly onQueued: () => void
}

/** Explanations of scores: asked for by people, and made by themselves where the site wants that. */
export interface ExplanationRoom {
  readonly desk: ExplanationDesk
  readonly automatic: AutomaticExplanations
}

/** Puts the explanations together. */
export function composeExplanation(parts: ExplanationParts): ExplanationRoom {
  const { records, settings, mayWork, logger } = parts
  const desk = new ExplanationDesk({ ...parts, onMade: (made) => deliver(made, parts) })
  return {
    desk,
    automatic: new AutomaticExplanations({
      records,
      desk,
      wanted: () => settings().explanations.automatic && mayWork(),
      logger: logger.child({ room: 'explanation' }),
    }),
  }
}

/** A heat map goes to the destinations that want it; one that cannot is no reason not to show it here. */
async function deliver({ result, explanation }: ShownExplanation, parts: ExplanationParts): Promise<void> {
  const { content, model, code } = explanation
  if (content.method !== 'occlusion') return
  try {
    const { revisionId, ordinal, objectDigest, title } = result
    const { rows, columns, values } = content
    const explained = { revisionId, ordinal, objectDigest, title, model, code, rows, columns, values }
    if (await queueHeatMap(explained, { ...parts, device: parts.box })) parts.onQueued()
  } catch (cause) {
    const reason = (cause as { readonly code?: unknown } | null)?.code
    parts.logger.warn('results.heat-map-not-queued', { code: typeof reason === 'string' ? reason : 'unknown' })
  }
}
