import { z } from 'zod'
import { streamName } from '../contract/index.ts'
import { JsonFile } from './json-file.ts'

/** How the agent is to use the line, as the site's settings have it now. The agent reads no file of the PHI zone. */
export const syncPolicy = z.strictObject({
  schema: z.literal('leadglass.sync-policy/1'),
  /** Bytes a second on average, as they are on the wire before TLS; `null` for no limit. */
  bytesPerSecond: z.number().int().min(1000).nullable(),
  /** Streams whose window is shut now. Never `audit`. */
  shut: z.array(streamName.exclude(['audit'])).max(4),
})
export type SyncPolicy = z.infer<typeof syncPolicy>

/** What holds without a file. */
export const NO_POLICY: SyncPolicy = { schema: 'leadglass.sync-policy/1', bytesPerSecond: null, shut: [] }

/** `exchange/outbox/policy.json`: written by the appliance, read by the agent. */
export class SyncPolicyFile extends JsonFile<SyncPolicy> {
  constructor(path: string) {
    super(path, syncPolicy, 4096)
  }
}
