import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import { EgressVerifier } from './deidentify/index.ts'
import type { AuditSink } from './egress/index.ts'
import type { Gate } from './pipeline/index.ts'
import { Exporter, ReviewDesk } from './pixel-review/index.ts'
import { doubtAbout, type LocalDoubt, type LocalObject, PIXEL_READER_LIMITS, ReaderPool } from './pixel-text/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'

/** Two processes: a long study that is exported does not keep one that is scored waiting. */
const PROCESSES = 2

/** What the rooms of pixels are made of. */
export interface PixelParts {
  readonly programRoot: string
  readonly workFolder: string
  readonly records: Records
  readonly spool: { read(digest: string): Promise<Uint8Array> }
  readonly gate: Gate
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
}

/** Reading, export and review of pixels. */
export interface PixelRoom {
  readonly reader: Service
  readonly exporter: Exporter
  readonly reviews: ReviewDesk
  /** Why figures about a scored object stay in the box. */
  readonly doubtAbout: (object: LocalObject) => Promise<LocalDoubt | undefined>
}

/** Puts the rooms of pixels together. */
export function composePixels(parts: PixelParts): PixelRoom {
  const { programRoot, workFolder, records, spool, gate, settings, audit, clock, logger } = parts
  const log = logger.child({ room: 'pixel-text' })
  const reader = new ReaderPool({ programRoot, workFolder, limits: PIXEL_READER_LIMITS, logger: log }, PROCESSES)
  const rules = () => settings().pixels
  const ports = { records, spool, gate, workFolder, reader, rules, audit, clock }
  return {
    reader,
    exporter: new Exporter({ ...ports, verifier: new EgressVerifier() }),
    reviews: new ReviewDesk(ports),
    doubtAbout: (object) => doubtAbout(object, reader, rules().safeWords),
  }
}
