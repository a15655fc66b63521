import { auditMessage } from './audit-message.ts'
import type { FeedEntry, FeedSource } from './feed-entry.ts'

/** RFC 5424 6.2.1: facility 10, security and authorization. Severity 5 notice, 4 warning, 3 error. */
const FACILITY = 10
const SEVERITY = { success: 5, refused: 4, failure: 3 } as const

/** RFC 5424 7.3.1: numbers of messages end here and begin again at 1. */
const LARGEST_SEQUENCE = 2_147_483_647

/**
 * A leaf as a syslog message (RFC 5424) with a DICOM audit message within (PS3.15 A.6), framed by octet counting
 * (RFC 5425 4.3): length in bytes, space, message.
 */
export function syslogFrame(entry: FeedEntry, source: FeedSource): Buffer {
  const { at, outcome } = entry.event
  const header = [
    `<${FACILITY * 8 + SEVERITY[outcome]}>1`,
    at,
    hostNameOf(source.device),
    'leadglass',
    '-',
    'DICOM+RFC3881',
    `[meta sequenceId="${(entry.index % LARGEST_SEQUENCE) + 1}"]`,
  ].join(' ')
  // The byte order mark says that what follows is UTF-8 (RFC 5424 6.4).
  const message = Buffer.from(`${header} \ufeff${auditMessage(entry, source)}`)
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}

/** RFC 5424 6.2.4: at most 255 printable characters; a device's name always is. */
function hostNameOf(device: string): string {
  return device.replace(/[^\x21-\x7e]/g, '').slice(0, 255) || '-'
}
