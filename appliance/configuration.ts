import { isAbsolute } from 'node:path'
import { deviceHealth, deviceId } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { engineConfiguration } from './engines/index.ts'

const folder = z.string().refine(isAbsolute, { message: 'must be an absolute path' })
const port = z.number().int().min(0).max(65_535)

/** The configuration file of the appliance: where it lives and where it listens. What the site decides is in settings.json. */
export const applianceConfiguration = z.strictObject({
  device: deviceId,
  /** The appliance's own folder, the PHI zone. */
  dataFolder: folder,
  exchangeFolder: folder,
  /** Where the site's secret and the keys of database and spool lie; `secrets/` in the data folder unless told. */
  keysFolder: folder.optional(),
  host: z.string().min(1).max(255),
  /** 0 for any free port. */
  dimsePort: port,
  httpPort: port,
  /** Where consoles on other machines come in, over TLS; none unless told. */
  consolePort: port.optional(),
  aeTitle: z.string().min(1).max(16),
  softwareVersion: deviceHealth.shape.softwareVersion,
  /** Pixel workers. */
  workers: z.number().int().min(1).max(64),
  /** Whether a box without a scoring plan measures one by itself when it rests; yes unless told. */
  measuresPlan: z.boolean().optional(),
  /** Built pages of the console; without them the port says so in a line of text. */
  pagesFolder: folder.optional(),
  /** `settings.json` in the data folder unless told. */
  settingsFile: folder.optional(),
  /** What speaks DIMSE; the own engine unless told. */
  engine: engineConfiguration.optional(),
})
export type ApplianceConfiguration = z.infer<typeof applianceConfiguration>
