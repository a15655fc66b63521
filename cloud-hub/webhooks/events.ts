import { AUDIT_EVENT_CODES, recordedAuditEvent } from '@leadglass/sync-agent/audit-log'

/**
 * Words of the hub's log that a webhook may ask for: what happens to versions, aliases, approvals (reminders of their
 * deadlines among it), training runs and releases, that signing was locked, and that metadata were published or could not be.
 */
export const WEBHOOK_EVENTS: readonly string[] = AUDIT_EVENT_CODES.filter((code) =>
  /^(?:model\.(?:registered|recalled)|alias\.|approval\.|training\.|evaluation\.|release\.|signing\.locked$|metadata\.published$)/.test(
    code,
  ),
)

/** What a leaf tells: no person, no words, only what happened to what. */
export interface WebhookEvent {
  readonly event: string
  readonly body: string
}

/** Reads a leaf of the hub's log. @returns undefined for what no webhook may ask for, and for a pruned leaf. */
export function webhookEvent(leaf: Uint8Array | undefined, origin: string, index: number): WebhookEvent | undefined {
  if (leaf === undefined || leaf.length === 0) return undefined
  const parsed = recordedAuditEvent.safeParse(parseJson(leaf))
  if (!parsed.success || !WEBHOOK_EVENTS.includes(parsed.data.event)) return undefined
  const { event, at, subject, outcome, codes } = parsed.data
  return { event, body: JSON.stringify({ event, at, subject, outcome, codes, log: { origin, index } }) }
}

function parseJson(leaf: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(leaf).toString('utf8'))
  } catch {
    return undefined
  }
}
