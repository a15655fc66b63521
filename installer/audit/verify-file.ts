import { decodeEvent, verifyEntry, verifyLog } from '@leadglass/sync-agent/audit-log'
import { type LogExport, logExport } from '@leadglass/ui/contract/hub-api'
import type { TrustedKeys } from './trusted-keys.ts'

/** What a verification says; every refusal names what is wrong and where. */
export type AuditVerdict =
  | {
      readonly verdict: 'verified'
      readonly what: 'log' | 'entry'
      readonly origin: string
      readonly size: number
      readonly root: string
      readonly cosignedBy: readonly string[]
      /** The event, when one entry was verified. */
      readonly entry: { readonly index: number; readonly event: unknown } | null
    }
  | { readonly verdict: 'refused'; readonly reason: string; readonly index: number | null; readonly meaning: string }

const MEANINGS: Readonly<Record<string, string>> = {
  malformed: 'the file is not a log export or a proof of this version',
  'leaf-missing': 'the proof does not carry its entry',
  'unknown-origin': 'none of the trusted keys speaks for this log',
  'bad-signature': 'a signature was not made by the trusted key',
  'not-cosigned': 'fewer witnesses than required have cosigned the checkpoint',
  gap: 'an entry is missing or out of order',
  truncated: 'the end of the log was cut off',
  'root-mismatch': 'at least one entry differs from what was signed',
  'not-included': 'the entry is not the one that the signed log holds at this place',
}

/**
 * Verifies a log export (JSON) or the proof of one entry (C2SP tlog-proof), offline: opens no socket and reads nothing
 * but what it is given.
 * @param requiredCosignatures how many witnesses must have signed the checkpoint.
 */
export function verifyAuditFile(text: string, keys: TrustedKeys, requiredCosignatures: number): AuditVerdict {
  if (text.startsWith('c2sp.org/tlog-proof')) return verifyProof(text, keys, requiredCosignatures)
  const exported = parseExport(text)
  return exported === undefined ? refused('malformed', null) : verifyExport(exported, keys, requiredCosignatures)
}

/** Reads a log export, or `undefined` when the text is not one. */
export function parseExport(text: string): LogExport | undefined {
  try {
    const parsed = logExport.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function verifyExport(exported: LogExport, keys: TrustedKeys, requiredCosignatures: number): AuditVerdict {
  const result = verifyLog({
    leaves: exported.leaves.map((leaf, index) => ({ index, leaf: Buffer.from(leaf, 'base64') })),
    checkpointNote:
      requiredCosignatures > 0 ? (exported.checkpoint.cosigned ?? exported.checkpoint.note) : exported.checkpoint.note,
    trustedKeys: keys.logs,
    cosignatureKeys: keys.witnesses,
    requiredCosignatures,
  })
  if (result.kind === 'refused') return refused(result.reason, result.index)
  return {
    verdict: 'verified',
    what: 'log',
    origin: result.origin,
    size: result.size,
    root: Buffer.from(result.root).toString('hex'),
    cosignedBy: result.cosignedBy.map((line) => line.name),
    entry: null,
  }
}

function verifyProof(text: string, keys: TrustedKeys, requiredCosignatures: number): AuditVerdict {
  const result = verifyEntry(text, { trustedKeys: keys.logs, cosignatureKeys: keys.witnesses, requiredCosignatures })
  if (result.kind === 'refused') return refused(result.reason, null)
  return {
    verdict: 'verified',
    what: 'entry',
    origin: result.checkpoint.origin,
    size: result.checkpoint.size,
    root: Buffer.from(result.checkpoint.root).toString('hex'),
    cosignedBy: result.cosignedBy.map((line) => line.name),
    entry: { index: result.index, event: decodeEvent(result.leaf) },
  }
}

function refused(reason: string, index: number | null): AuditVerdict {
  return { verdict: 'refused', reason, index, meaning: MEANINGS[reason] ?? reason }
}
