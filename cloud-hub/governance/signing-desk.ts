import { randomUUID } from 'node:crypto'
import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { ApprovalPolicy, SignatureMeaning } from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { type ActRefusal, mayAct } from './approval.ts'
import type { KeyBook } from './key-book.ts'
import type { GovernanceRepository, Proposal } from './repository.ts'
import { type SignedApproval, type SigningSubject, statementBytes } from './signing.ts'
import type { SigningAlarms } from './signing-alarms.ts'

/** Why an act of signing was refused before anything was signed, or why what came back was not taken. */
export type SigningRefusal =
  | ActRefusal
  | 'unknown-proposal'
  | 'password-wrong'
  | 'signing-locked'
  | 'password-too-old'
  | 'key-not-yours'
  | 'key-not-confirmed'
  | 'key-revoked'
  | 'deadline-passed'
  | 'act-unknown'
  | 'act-used'
  | 'act-expired'
  | 'other-key'
  | 'other-statement'

/** The first component: user identification and password. Implemented by the hub's accounts. */
export interface FirstComponent {
  reauthenticate(
    account: string,
    password: string,
  ): Promise<{ readonly kind: 'right' | 'wrong' | 'locked' | 'paused' | 'password-too-old' }>
  /** A failure of the second component counts as well. */
  countFailure(account: string): { readonly kind: string }
  /** Called when both components were right. */
  clearFailures(account: string): void
}

/** What a person is given to sign. Nothing of it comes from the person's own machine, the time included. */
export interface PreparedAct {
  readonly act: string
  /** Bytes of the TUF role and of the statement; each is signed. */
  readonly signedBytes: Uint8Array
  readonly payload: Uint8Array
  readonly expiresAt: string
}

/** What a person asks to begin an act. */
export interface SigningRequest {
  readonly proposal: string
  readonly person: string
  readonly password: string
  readonly keyid: string
  readonly meaning: SignatureMeaning
  /** Why, in the signer's own words. */
  readonly reason?: string | undefined
}

/** How long a prepared act may be signed: the time in the statement must be that of the signing. */
const ACT_LASTS_MS = 5 * 60_000

const actRow = z.object({
  id: z.string(),
  proposal: z.string(),
  person: z.string(),
  keyid: z.string(),
  payload: z.string(),
  expires_at: z.number(),
  used_at: z.string().nullable(),
})

interface Refused {
  readonly kind: 'refused'
  readonly reason: SigningRefusal
}

/** What the desk works with. */
export interface SigningDeskOptions {
  readonly database: Database.Database
  readonly governance: GovernanceRepository
  readonly keys: KeyBook
  readonly first: FirstComponent
  readonly alarms: Pick<SigningAlarms, 'raise'>
  readonly audit: { append(event: AuditEventInput): { readonly index: number } }
  readonly policy: Pick<ApprovalPolicy, 'minimumApprovals' | 'requiredRoles'>
  readonly clock: Clock
}

/**
 * One act, two components, two signatures. `begin` asks for the first component and fixes what is signed; `finish` takes
 * what the holder of the key (the second component) made of exactly that, once. Every signing asks for both components, so
 * it does not matter whether signings are a continuous series (21 CFR 11.200(a)(1)(i) and (ii)).
 */
export class SigningDesk {
  readonly #options: SigningDeskOptions

  constructor(options: SigningDeskOptions) {
    this.#options = options
  }

  /** Verifies the first component and prepares the statement with the hub's own time. */
  async begin(request: SigningRequest): Promise<({ readonly kind: 'prepared' } & PreparedAct) | Refused> {
    const { proposal: id, person, keyid, meaning } = request
    const refusal = await this.#firstComponent(person, request.password)
    if (refusal !== undefined) return this.#refuse(id, person, refusal)
    const key = this.#options.keys.find(keyid)
    if (key === undefined || key.person !== person) return this.#refuse(id, person, 'key-not-yours')
    if (key.state !== 'active')
      return this.#refuse(id, person, key.state === 'revoked' ? 'key-revoked' : 'key-not-confirmed')
    const proposal = this.#options.governance.proposal(id)
    const subject = proposal === undefined ? undefined : subjectOf(proposal)
    if (proposal === undefined || subject === undefined) return this.#refuse(id, person, 'unknown-proposal')
    const act = mayAct(proposal, { kind: 'sign', person, role: key.role, meaning }, this.#options.policy)
    if (act.kind === 'refused') return this.#refuse(id, person, act.reason)
    if (isPast(proposal, this.#options.clock)) return this.#refuse(id, person, 'deadline-passed')
    return { kind: 'prepared', ...this.#prepare(id, key, subject, request) }
  }

  /**
   * Takes the signatures of a prepared act.
   * @param accept verifies and records them; calls `taken` in the transaction of the record.
   */
  async finish<Outcome extends { readonly kind: 'done' } | { readonly kind: 'refused'; readonly reason: string }>(
    person: string | null,
    actId: string,
    approval: SignedApproval,
    accept: (proposal: string, taken: () => void) => Promise<Outcome>,
  ): Promise<Outcome | Refused> {
    const found = this.#options.database.prepare('SELECT * FROM signing_act WHERE id = ?').get(actId)
    if (found === undefined) return { kind: 'refused', reason: 'act-unknown' }
    const act = actRow.parse(found)
    const refusal = this.#whyNot(act, person, approval)
    if (refusal !== undefined) return this.#refuse(act.proposal, act.person, refusal)
    const outcome = await accept(act.proposal, () => this.#record(act, approval))
    // 21 CFR 11.300(d): a forged second component is an attempt at unauthorised use, like a wrong password.
    if (outcome.kind === 'refused' && outcome.reason === 'signature-invalid') {
      if (this.#options.first.countFailure(act.person).kind === 'locked') this.#alarm(act.person)
    }
    if (outcome.kind === 'done') this.#options.first.clearFailures(act.person)
    return outcome
  }

  /** Where in the hub's log a signature lies; undefined for those from before the log kept this. */
  leafOf(proposal: string, person: string): number | undefined {
    const found = this.#options.database
      .prepare('SELECT leaf FROM signature_evidence WHERE proposal = ? AND person = ?')
      .get(proposal, person) as { readonly leaf: number } | undefined
    return found?.leaf
  }

  #prepare(
    proposal: string,
    key: Parameters<typeof statementBytes>[0] & { readonly keyid: string },
    subject: SigningSubject,
    { meaning, reason }: Pick<SigningRequest, 'meaning' | 'reason'>,
  ): PreparedAct {
    const { database, clock, audit } = this.#options
    const act = randomUUID()
    const payload = statementBytes(key, subject, meaning, clock.now(), reason)
    const expires = clock.now() + ACT_LASTS_MS
    database.transaction(() => {
      database
        .prepare('INSERT INTO signing_act (id, proposal, person, keyid, payload, expires_at) VALUES (?, ?, ?, ?, ?, ?)')
        .run(act, proposal, key.person, key.keyid, payload.toString('base64'), expires)
      audit.append(eventOf('signing.authenticated', key.person, proposal, 'success', [`meaning-${meaning}`]))
    })()
    return { act, signedBytes: subject.signedBytes, payload, expiresAt: toIsoInstant(expires) }
  }

  #whyNot(act: z.infer<typeof actRow>, person: string | null, approval: SignedApproval): SigningRefusal | undefined {
    if (person !== null && act.person !== person) return 'act-unknown'
    if (act.used_at !== null) return 'act-used'
    if (act.expires_at < this.#options.clock.now()) return 'act-expired'
    if (approval.keyid !== act.keyid) return 'other-key'
    // A key may have been reported lost between the two halves of the act.
    if (this.#options.keys.find(act.keyid)?.state !== 'active') return 'key-revoked'
    // 21 CFR 11.70: what is signed is what was shown, the time of the hub included.
    return approval.envelope.payload === act.payload ? undefined : 'other-statement'
  }

  /** In the transaction of the signature: the act is spent, and the log commits to both signatures. */
  #record(act: z.infer<typeof actRow>, approval: SignedApproval): void {
    const { database, clock, audit } = this.#options
    const used = database
      .prepare('UPDATE signing_act SET used_at = ? WHERE id = ? AND used_at IS NULL')
      .run(toIsoInstant(clock.now()), act.id)
    if (used.changes !== 1) throw new Error('one act would be taken twice')
    const { index } = audit.append({
      ...eventOf('approval.signed', act.person, act.proposal, 'success', []),
      commitment: signatureCommitment(approval),
    })
    database
      .prepare('INSERT INTO signature_evidence (proposal, person, leaf) VALUES (?, ?, ?)')
      .run(act.proposal, act.person, index)
  }

  async #firstComponent(person: string, password: string): Promise<SigningRefusal | undefined> {
    const outcome = await this.#options.first.reauthenticate(person, password)
    switch (outcome.kind) {
      case 'right':
        return undefined
      case 'password-too-old':
        return 'password-too-old'
      case 'wrong':
        return 'password-wrong'
      case 'locked':
        this.#alarm(person)
        return 'signing-locked'
      case 'paused':
        return 'signing-locked'
    }
  }

  #alarm(person: string): void {
    const event = eventOf('signing.locked', person, undefined, 'refused', ['failed-attempts'])
    this.#options.alarms.raise(person, 'signing-locked', { event })
  }

  #refuse(proposal: string, person: string, reason: SigningRefusal): Refused {
    const known = this.#options.governance.proposal(proposal) !== undefined
    this.#options.audit.append(eventOf('signing.refused', person, known ? proposal : undefined, 'refused', [reason]))
    return { kind: 'refused', reason }
  }
}

/** SHA-256 over the canonical form of both signatures: what the log commits to. */
export function signatureCommitment({ keyid, signature, envelope }: SignedApproval): string {
  return digestOf(canonicalJson({ keyid, signature, envelope }))
}

/** Whether the deadline of a proposal is over. */
export function isPast(proposal: Pick<Proposal, 'dueAt'>, clock: Clock): boolean {
  return proposal.dueAt !== null && Date.parse(proposal.dueAt) <= clock.now()
}

function subjectOf({ signedBytes, version, statements }: Proposal): SigningSubject | undefined {
  return signedBytes === null || version === null ? undefined : { version, signedBytes, releases: statements }
}

function eventOf(
  event: AuditEventInput['event'],
  person: string,
  proposal: string | undefined,
  outcome: AuditEventInput['outcome'],
  codes: readonly string[],
): AuditEventInput {
  const subject = proposal === undefined ? null : ({ kind: 'approval', id: proposal } as const)
  return { event, actor: { kind: 'person', id: person }, subject, outcome, codes }
}
