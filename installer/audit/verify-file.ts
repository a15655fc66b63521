import { cosignatureTime, decodeEvent, examineHistory, verifyEntry, verifyLog } from '@leadglass/sync-agent/audit-log'
import { type LogExport, logExport } from '@leadglass/ui/contract/hub-api'
import type { AuditVerdict } from './audit-verdict.ts'
import { isDetailFile, verifyDetailFile } from './detail-file.ts'
import type { TrustedKeys } from './trusted-keys.ts'

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
  if (isDetailFile(text)) return judged(verifyDetailFile(text, keys, requiredCosignatures), keys)
  if (text.startsWith('c2sp.org/tlog-proof')) return judged(verifyProof(text, keys, requiredCosignatures), keys)
  const exported = parseExport(text)
  return exported === undefined
    ? refused('malformed', null)
    : judged(verifyExport(exported, keys, requiredCosignatures), keys)
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
      requiredCosignatures > 0 || keys.policy !== undefined
        ? (exported.checkpoint.cosigned ?? exported.checkpoint.note)
        : exported.checkpoint.note,
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
    findings: examineHistory(
      exported.leaves.map((leaf) => decodeEvent(Buffer.from(leaf, 'base64'))),
      result.cosignedBy.flatMap((line) => {
        const at = cosignatureTime(line)
        return at === undefined ? [] : [{ size: result.size, at }]
      }),
    ),
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
    findings: [],
  }
}

/** A policy asks for more than a number: which witnesses. */
function judged(verdict: AuditVerdict, { policy }: TrustedKeys): AuditVerdict {
  if (verdict.verdict === 'refused' || policy === undefined) return verdict
  return policy.isMet(verdict.cosignedBy) ? verdict : refused('not-cosigned', null)
}

function refused(reason: string, index: number | null): AuditVerdict {
  return { verdict: 'refused', reason, index, meaning: MEANINGS[reason] ?? reason }
}
