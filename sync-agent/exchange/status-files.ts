import { z } from 'zod'
import { type DesiredState, desiredState, deviceId, streamName, vocabularyCode } from '../contract/index.ts'
import { JsonFile } from './json-file.ts'

/** What the agent says about itself, for the people at the appliance. */
export const agentStatus = z.strictObject({
  schema: z.literal('leadglass.agent-status/1'),
  device: deviceId,
  link: z.enum(['up', 'down']),
  /** When the link came into this state. */
  since: z.iso.datetime(),
  lastAcknowledgementAt: z.iso.datetime().nullable(),
  lastError: z.strictObject({ code: vocabularyCode, at: z.iso.datetime() }).nullable(),
  /** Batch files that wait to be sent or acknowledged, by stream. */
  waiting: z.partialRecord(streamName, z.number().int().min(0)),
  /** Batch files that the agent refused to carry since it started. */
  refusedFiles: z.number().int().min(0),
  /** The last look at the update repository; `null` before the first. */
  updates: z
    .strictObject({ at: z.iso.datetime(), outcome: vocabularyCode, code: vocabularyCode.nullable() })
    .nullable(),
  /** Begins the SHA-256 of the settings that it runs with: another value, other settings. */
  settings: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .nullable()
    .default(null),
  at: z.iso.datetime(),
})
export type AgentStatus = z.infer<typeof agentStatus>

/** `exchange/status/agent.json`: written by the agent, read by the appliance. */
export class AgentStatusFile extends JsonFile<AgentStatus> {
  constructor(path: string) {
    super(path, agentStatus, 64 * 1024)
  }
}

/** `exchange/inbox/desired.json`: the hub's last desired state as the agent received it. A hint, never a command. */
export class DesiredStateFile extends JsonFile<DesiredState> {
  constructor(path: string) {
    super(path, desiredState, 64 * 1024)
  }
}
