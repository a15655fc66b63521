import type { KeyObject } from 'node:crypto'
import {
  createNoteSigner,
  createNoteVerifier,
  type NoteVerifier,
  openNote,
  parseVerifierKey,
  SIGNATURE_TYPE,
  signNote,
  verifyEntry,
} from '@leadglass/sync-agent/audit-log'
import { digestOf, digestOfJson } from '@leadglass/sync-agent/foundation'
import { complianceReport, type SignedReport, signedReport } from '@leadglass/ui/contract/hub-api'
import { HUB_LOG_ORIGIN } from '../audit/log-names.ts'
import { evidenceId } from './evidence.ts'
import { type ComplianceReport, reportJson } from './report.ts'

/** The name under which the hub's log key signs reports: another name gives the key another identifier (C2SP signed-note). */
const SIGNER = 'leadglass/hub/report'
/** First line of what is signed: it keeps reports apart from checkpoints, which begin with the origin of a log. */
const STATEMENT = 'leadglass/compliance-report/1'
/** A comment of PDF, after the end of the file: readers pass over it (ISO 32000-1, 7.2.3). */
const PDF_MARK = '\n%leadglass-report-note '
const LARGEST_NOTE = 4_096
const LARGEST_FILE = 64 * 1024 * 1024

/** Signs reports with the key of the hub's log. */
export class ReportSigner {
  readonly #key: KeyObject

  constructor(key: KeyObject) {
    this.#key = key
  }

  /** The report with its signature. */
  sign(report: ComplianceReport): SignedReport {
    const digest = digestOfJson(reportJson(report))
    return {
      schema: 'leadglass.signed-report/1',
      report: complianceReport.parse(reportJson(report)),
      digest,
      note: this.#note('json', digest, digest),
    }
  }

  /** The paper with its signature behind its last byte. @param report digest of the report that it shows */
  signPdf(pdf: Uint8Array, report: string): Uint8Array {
    const note = this.#note('pdf', digestOf(pdf), report)
    return Buffer.concat([pdf, Buffer.from(`${PDF_MARK}${Buffer.from(note).toString('base64')}\n`)])
  }

  #note(form: 'json' | 'pdf', content: string, report: string): string {
    return signNote(statementOf(form, content, report), [createNoteSigner(SIGNER, this.#key)])
  }
}

/** What came of checking a file. `entries` is how many entries of logs were proven anew. */
export type ReportVerdict =
  | {
      readonly kind: 'verified'
      readonly form: 'json' | 'pdf'
      readonly digest: string
      readonly report: SignedReport['report'] | null
      readonly entries: number
    }
  | { readonly kind: 'refused'; readonly reason: ReportRefusal }
export type ReportRefusal =
  | 'too-large'
  | 'not-a-report'
  | 'key-unknown'
  | 'signature-bad'
  | 'content-changed'
  | 'evidence-bad'

/**
 * Verifies a report without a network: signature, digest, and of the JSON form each piece of evidence again: identifier, digest
 * of the record, inclusion proof of the entry.
 * @param logKeys C2SP verifier keys that the reader trusts; the one of the hub's log decides.
 */
export function verifyReport(file: Uint8Array, logKeys: readonly string[]): ReportVerdict {
  if (file.length > LARGEST_FILE) return refused('too-large')
  const keys = reportKeys(logKeys)
  if (keys.length === 0) return refused('key-unknown')
  return Buffer.from(file.subarray(0, 5)).toString('latin1') === '%PDF-'
    ? verifyPdf(file, keys)
    : verifyJson(file, keys)
}

function verifyPdf(file: Uint8Array, keys: readonly NoteVerifier[]): ReportVerdict {
  const bytes = Buffer.from(file)
  const at = bytes.lastIndexOf(PDF_MARK)
  if (at < 0 || bytes.length - at > LARGEST_NOTE) return refused('not-a-report')
  const note = Buffer.from(
    bytes
      .subarray(at + PDF_MARK.length)
      .toString('latin1')
      .trim(),
    'base64',
  ).toString('utf8')
  // The paper ends with exactly this comment: nothing may stand behind what was signed.
  if (!bytes.subarray(at).equals(Buffer.from(`${PDF_MARK}${Buffer.from(note).toString('base64')}\n`)))
    return refused('content-changed')
  const opened = open(note, keys)
  if (typeof opened !== 'object') return refused(opened)
  if (opened.form !== 'pdf' || opened.content !== digestOf(bytes.subarray(0, at))) return refused('content-changed')
  return { kind: 'verified', form: 'pdf', digest: opened.report, report: null, entries: 0 }
}

function verifyJson(file: Uint8Array, keys: readonly NoteVerifier[]): ReportVerdict {
  const parsed = signedReport.safeParse(parseJson(file))
  if (!parsed.success) return refused('not-a-report')
  const { report, note } = parsed.data
  const opened = open(note, keys)
  if (typeof opened !== 'object') return refused(opened)
  const digest = digestOfJson(report)
  if (opened.form !== 'json' || opened.content !== digest || opened.report !== digest || parsed.data.digest !== digest)
    return refused('content-changed')
  const entries = provenEntries(report)
  return entries === undefined ? refused('evidence-bad') : { kind: 'verified', form: 'json', digest, report, entries }
}

/** How many entries of logs the evidence proves; undefined when one piece of evidence does not hold. */
function provenEntries(report: SignedReport['report']): number | undefined {
  let entries = 0
  const logs = logKeysIn(report)
  for (const { id, ...rest } of report.evidence) {
    const { binding } = rest
    if (id !== evidenceId(rest as Parameters<typeof evidenceId>[0])) return undefined
    if (binding.kind === 'record') {
      if (binding.sha256 !== digestOfJson(binding.content)) return undefined
      continue
    }
    const verdict = verifyEntry(binding.proof, { trustedKeys: logs.get(binding.log) ?? [] })
    if (verdict.kind !== 'verified' || verdict.index !== binding.index || verdict.checkpoint.origin !== binding.log)
      return undefined
    entries += 1
  }
  const known = new Set(report.evidence.map(({ id }) => id))
  const isWhole = report.controls.every(
    ({ status, evidence, missing }) =>
      evidence.every((id) => known.has(id)) &&
      (status === 'met' ? evidence.length > 0 && missing.length === 0 : missing.length > 0),
  )
  return isWhole ? entries : undefined
}

/** The keys of the logs as the signed report states them: the hub vouches for the keys that it pinned of its boxes. */
function logKeysIn({ logKeys }: SignedReport['report']): ReadonlyMap<string, readonly NoteVerifier[]> {
  const known = logKeys.flatMap((text) => {
    const key = parseVerifierKey(text)
    return key?.type === SIGNATURE_TYPE.ed25519 ? [createNoteVerifier(key)] : []
  })
  return new Map(known.map((key) => [key.name, [key]]))
}

/** The verifier of reports that belongs to a trusted key of the hub's log. */
function reportKeys(logKeys: readonly string[]): NoteVerifier[] {
  return logKeys.flatMap((text) => {
    const key = parseVerifierKey(text)
    return key?.name === HUB_LOG_ORIGIN && key.type === SIGNATURE_TYPE.ed25519
      ? [createNoteVerifier({ ...key, name: SIGNER })]
      : []
  })
}

function open(
  note: string,
  keys: readonly NoteVerifier[],
): { readonly form: string; readonly content: string; readonly report: string } | ReportRefusal {
  const opened = openNote(note, keys)
  if (opened.kind === 'refused')
    return opened.reason === 'no-known-signature'
      ? 'key-unknown'
      : opened.reason === 'malformed'
        ? 'not-a-report'
        : 'signature-bad'
  const [statement, form, content, report, end] = opened.text.split('\n')
  if (statement !== STATEMENT || form === undefined || content === undefined || report === undefined || end !== '')
    return 'not-a-report'
  return { form, content, report }
}

function statementOf(form: string, content: string, report: string): string {
  return `${STATEMENT}\n${form}\n${content}\n${report}\n`
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

function refused(reason: ReportRefusal): ReportVerdict {
  return { kind: 'refused', reason }
}
