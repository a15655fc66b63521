import { z } from 'zod'
import { JsonFile } from './json-file.ts'

/** What this device last saw of the hub's log, which it witnesses. */
export const hubLogState = z.strictObject({
  schema: z.literal('leadglass.hub-log/1'),
  /**
   * `went-back`: shorter than what was seen before. `diverged`: does not continue it, or another witness saw another log.
   * `unconfirmed`: no other device that this one knows has confirmed it lately: the hub may show them another log.
   * `not-signed`: not under the pinned key. `not-taken`: in order, but the hub did not take the cosignature.
   */
  state: z.enum(['cosigned', 'not-taken', 'went-back', 'diverged', 'unconfirmed', 'not-signed']),
  /** Entries of the last checkpoint that this device has cosigned. */
  size: z.int().min(0),
  at: z.iso.datetime(),
})
export type HubLogState = z.infer<typeof hubLogState>

/** `exchange/status/hub-log.json`: written by the agent, read by the appliance, which records what is wrong. */
export class HubLogStateFile extends JsonFile<HubLogState> {
  constructor(path: string) {
    super(path, hubLogState, 4096)
  }
}
