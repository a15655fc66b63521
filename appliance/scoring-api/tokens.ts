import { createHash } from 'node:crypto'
import type { Clock, Randomness } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Records, ScoringTokenRow } from '../records/index.ts'

const TOKEN_BYTES = 32

/** Who asks, as it stands in the audit log. */
interface Actor {
  readonly kind: 'person' | 'system'
  readonly id: string
}

export interface ScoringTokensDependencies {
  readonly records: Pick<Records, 'scoringTokens' | 'transaction'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Programs that may ask for scores, and nothing else: a token opens no other address of the box. */
export class ScoringTokens {
  readonly #dependencies: ScoringTokensDependencies

  constructor(dependencies: ScoringTokensDependencies) {
    this.#dependencies = dependencies
  }

  /** @returns the token, which is kept nowhere; undefined when the name was given before. */
  create(name: string, actor: Actor): string | undefined {
    const { records, clock, randomness } = this.#dependencies
    const token = Buffer.from(randomness.bytes(TOKEN_BYTES)).toString('base64url')
    return records.transaction(() => {
      if (!records.scoringTokens.insert(digestOf(token), name, clock.now(), actor.id)) return undefined
      this.#record(actor, [name, 'created'])
      return token
    })
  }

  list(): readonly ScoringTokenRow[] {
    return this.#dependencies.records.scoringTokens.all()
  }

  /** @returns false when there is no such token in force. */
  revoke(name: string, actor: Actor): boolean {
    const { records, clock } = this.#dependencies
    return records.transaction(() => {
      if (!records.scoringTokens.revoke(name, clock.now())) return false
      this.#record(actor, [name, 'revoked'])
      return true
    })
  }

  /** The program behind an Authorization header; undefined when it is nobody. */
  holderOf(authorization: string | undefined): string | undefined {
    const token = /^Bearer ([\w-]{43})$/.exec(authorization ?? '')?.[1]
    return token === undefined ? undefined : this.#dependencies.records.scoringTokens.nameOf(digestOf(token))
  }

  #record(actor: Actor, codes: readonly string[]): void {
    this.#dependencies.audit.record({ event: 'scoring-token.changed', actor, subject: null, outcome: 'success', codes })
  }
}

/** The token is random and long: a plain digest can be looked up by an index and tells nothing. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
