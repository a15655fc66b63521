import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { SignedLog } from '../../audit/signed-logs.ts'
import type { ReportedBook } from '../../fleet/index.ts'
import { type Collected, type Evidence, entryEvidence, type Finding, recordEvidence } from '../evidence.ts'
import type { Period } from '../period.ts'
import { asJson, instantOf, together } from './collector.ts'
import { provenEntry } from './entries.ts'

const DEVICES = `SELECT d.device, d.enrolled_at AS enrolledAt, d.certificate_not_after AS notAfter, d.held_at AS heldAt,
  (SELECT max(c.issued_at) FROM device_certificate c WHERE c.device = d.device) AS issuedAt,
  d.last_seen_at AS lastSeenAt FROM device d WHERE d.revoked_at IS NULL ORDER BY d.device`
const KEYS = 'SELECT role, fingerprint, since FROM key_in_use ORDER BY role, since'
const SIGNING_KEYS = `SELECT keyid, person, role, printed_name AS printedName, kind, enrolled_at AS enrolledAt,
  revoked_at AS revokedAt, revoked_by AS revokedBy FROM signing_key ORDER BY person, enrolled_at`
const SIGNATURES = `SELECT s.proposal, s.person, s.role, s.printed_name AS printedName, s.meaning,
  s.signed_at AS signedAt, s.keyid, s.signature, s.envelope, e.leaf FROM approval_signature s
  LEFT JOIN signature_evidence e ON e.proposal = s.proposal AND e.person = s.person
  WHERE s.signed_at >= ? AND s.signed_at <= ? ORDER BY s.signed_at DESC LIMIT 200`

interface DeviceRow {
  readonly device: string
  readonly enrolledAt: string
  readonly notAfter: string
  readonly heldAt: string | null
  readonly issuedAt: string | null
  readonly lastSeenAt: string | null
}

/** A signature as its record shows it (21 CFR 11.50), and where its entry of the log is. */
interface SignatureRow {
  readonly proposal: string
  readonly person: string
  readonly role: string
  readonly printedName: string
  readonly meaning: string
  readonly signedAt: string
  readonly keyid: string
  readonly signature: string
  readonly envelope: string
  readonly leaf: number | null
}

/** Certificates, keys, what boxes report, and who may sign. */
export function collectTrust(
  parts: {
    readonly database: Database.Database
    readonly reported: ReportedBook
    readonly policy: ApprovalPolicy | null
    readonly hubLog: SignedLog | undefined
  },
  period: Period,
): Collected {
  const { database, reported, policy, hubLog } = parts
  const devices = database.prepare(DEVICES).all() as DeviceRow[]
  const keys = database.prepare(KEYS).all() as { readonly since: string }[]
  const signing = database.prepare(SIGNING_KEYS).all() as { readonly revokedAt: string | null }[]
  const evidence: Evidence[] = []
  if (keys.length > 0) {
    evidence.push(
      recordEvidence(
        'keys-in-use',
        'key_in_use',
        `${keys.length} keys, the oldest since ${oldest(keys)}`,
        asJson(keys),
      ),
    )
  }
  if (signing.length > 0) {
    const revoked = signing.filter(({ revokedAt }) => revokedAt !== null).length
    evidence.push(
      recordEvidence(
        'signing-keys',
        'signing_key',
        `${signing.length} signing keys, ${revoked} revoked`,
        asJson(signing),
      ),
    )
  }
  if (policy !== null) {
    const states = `${policy.minimumApprovals} approvals of the roles ${policy.requiredRoles.join(' and ')}`
    evidence.push(recordEvidence('approval-policy', 'settings of the hub', states, asJson(policy)))
  }
  return together([
    { evidence, findings: [] },
    { evidence: collectSignatures(database, hubLog, period), findings: [] },
    certificatesOf(devices, period.until),
    statesOf(devices, reported),
  ])
}

function collectSignatures(
  database: Database.Database,
  hubLog: SignedLog | undefined,
  { from, until }: Period,
): Evidence[] {
  const rows = database
    .prepare(SIGNATURES)
    .all(instantOf(from), new Date(until * 1000 + 999).toISOString()) as SignatureRow[]
  if (rows.length === 0) return []
  const shown = rows.map(({ envelope, signature, ...row }) => ({
    ...row,
    envelopeSha256: digestOf(envelope),
    signatureSha256: digestOf(signature),
  }))
  const proven = rows.flatMap(({ leaf, printedName, meaning, signedAt }) => {
    const proof = leaf === null ? undefined : provenEntry(hubLog, leaf)
    if (leaf === null || proof === undefined || hubLog === undefined) return []
    return [
      entryEvidence('signatures', `${printedName}, ${meaning}, ${signedAt}`, {
        log: hubLog.log.origin,
        index: leaf,
        proof,
      }),
    ]
  })
  return [
    recordEvidence(
      'signatures',
      'approval_signature',
      `${rows.length} signatures with printed name, time and meaning`,
      asJson(shown),
    ),
    ...proven.slice(0, 10),
  ]
}

function certificatesOf(devices: readonly DeviceRow[], now: number): Collected {
  if (devices.length === 0) return { evidence: [], findings: [] }
  const findings = devices.flatMap(({ device, notAfter, heldAt }): Finding[] => [
    ...(Date.parse(notAfter) / 1000 < now
      ? [{ fact: 'certificates', words: `The certificate of ${device} ran out at ${notAfter}.` } as const]
      : []),
    ...(heldAt === null
      ? []
      : [{ fact: 'certificates', words: `${device} is held since ${heldAt}: it was seen in two places.` } as const]),
  ])
  const states = `${devices.length} boxes; the first certificate to run out does so at ${devices.map((one) => one.notAfter).sort()[0] ?? ''}`
  return { evidence: [recordEvidence('certificates', 'device certificates', states, asJson(devices))], findings }
}

function statesOf(devices: readonly DeviceRow[], reported: ReportedBook): Collected {
  const evidence: Evidence[] = []
  const findings: Finding[] = []
  for (const { device } of devices) {
    const row = reported.read(device)
    if (row?.document === undefined || row.refusal !== null) {
      findings.push({ fact: 'device-state', words: `${device} has reported nothing that can be believed now.` })
      continue
    }
    const { document, version, chain, at } = row
    const states = `settings ${document.settings.version}, ${document.models.length} models, reported at ${at}`
    evidence.push(
      recordEvidence(
        'device-state',
        `signed state of ${device}`,
        states,
        asJson({ device, version, chain, at, document }),
      ),
    )
  }
  return { evidence, findings }
}

function oldest(keys: readonly { readonly since: string }[]): string {
  return keys.map(({ since }) => since).sort()[0] ?? ''
}
