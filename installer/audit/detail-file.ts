import { decodeEvent, verifyDetail, verifyEntry } from '@leadglass/sync-agent/audit-log'
import type { AuditVerdict } from './audit-verdict.ts'
import type { TrustedKeys } from './trusted-keys.ts'

/** True for the text of a `.leadglass-detail.json` file. */
export function isDetailFile(text: string): boolean {
  return text.startsWith('{') && text.slice(0, 400).includes('"leadglass.audit-detail/1"')
}

/**
 * Verifies a detail: it is the one to which the leaf committed, and the leaf stands in the signed log. Opens no socket.
 * @param requiredCosignatures how many witnesses must have signed the checkpoint.
 */
export function verifyDetailFile(text: string, keys: TrustedKeys, requiredCosignatures: number): AuditVerdict {
  const refused = (reason: string, meaning: string, index: number | null): AuditVerdict => ({
    verdict: 'refused',
    reason,
    index,
    meaning,
  })
  const detail = verifyDetail(text)
  if (detail.kind === 'refused') return refused(detail.reason, MEANINGS[detail.reason], null)
  const { file, leaf } = detail
  if (file.proof === null) return refused('not-proven', 'nothing proves that the entry stands in the log', file.index)
  const trust = { trustedKeys: keys.logs, cosignatureKeys: keys.witnesses, requiredCosignatures, leaf }
  const entry = verifyEntry(file.proof, trust)
  if (entry.kind === 'refused') {
    return refused(entry.reason, 'the signed log does not hold this entry at this place', file.index)
  }
  if (entry.index !== file.index || entry.checkpoint.origin !== file.origin) {
    return refused('not-included', 'the proof is of another entry', file.index)
  }
  return {
    verdict: 'verified',
    what: 'detail',
    origin: file.origin,
    size: entry.checkpoint.size,
    root: Buffer.from(entry.checkpoint.root).toString('hex'),
    cosignedBy: entry.cosignedBy.map((line) => line.name),
    findings: [],
    entry: { index: file.index, event: decodeEvent(leaf), detail: file.detail },
  }
}

const MEANINGS = {
  malformed: 'the file is not a detail of this version, or its entry is no audit event',
  'no-commitment': 'the entry commits to no detail',
  'detail-mismatch': 'the detail is not the one to which the entry committed',
} as const
