import { type ReleaseStatement, releasePath, releaseStatement } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { readApproverKey } from '@leadglass/sync-agent/updates'
import type { Metadata, Targets } from '@tufjs/models'
import { DeliveryError } from './errors.ts'
import type { RepositoryState } from './repository-state.ts'
import { canonicalBytes, expiryOf, type SignedPart, SPEC_VERSION } from './tuf-format.ts'

/** A release to list: what approvers sign of it, and the length of its manifest in bytes. */
export interface ProposedRelease {
  readonly statement: ReleaseStatement
  readonly manifestBytes: number
}

/** The next `approved-models` as it is to be signed. */
export interface ProposedList {
  readonly version: number
  readonly signed: SignedPart
  /** Canonical bytes: every approver signs exactly these. */
  readonly signedBytes: Uint8Array
}

/**
 * The next list of approved models: everything listed so far and the new releases. Without releases it renews the list.
 * @throws {DeliveryError} `release-not-possible` with the reason, before anybody signs anything.
 */
export function proposeRelease(
  state: Pick<RepositoryState, 'targets' | 'approvedModels'>,
  releases: readonly ProposedRelease[],
  clock: Clock,
): ProposedList {
  const listed = Object.values(state.approvedModels?.metadata.signed.targets ?? {})
  const next: Record<string, unknown> = Object.fromEntries(listed.map((target) => [target.path, target.toJSON()]))
  for (const release of releases) {
    const statement = releaseStatement.parse(release.statement)
    refuseImpossible(statement, state.targets.metadata, next)
    next[releasePath(statement.model)] = {
      length: release.manifestBytes,
      hashes: { sha256: statement.model.digest },
      custom: statement,
    }
  }
  const version = (state.approvedModels?.metadata.signed.version ?? 0) + 1
  const signed = {
    _type: 'targets',
    spec_version: SPEC_VERSION,
    version,
    expires: expiryOf('approved-models', clock.now()),
    targets: next,
  }
  return { version, signed, signedBytes: canonicalBytes(signed) }
}

/** The highest release counter that is listed for a model; 0 when none is. */
export function highestCounter(listed: Readonly<Record<string, unknown>>, name: string): number {
  const counters = Object.values(listed).flatMap((entry) => {
    const parsed = releaseStatement.safeParse((entry as { custom?: unknown }).custom)
    return parsed.success && parsed.data.model.name === name ? [parsed.data.releaseCounter] : []
  })
  return Math.max(0, ...counters)
}

function refuseImpossible(
  statement: ReleaseStatement,
  targets: Metadata<Targets>,
  listed: Readonly<Record<string, unknown>>,
): void {
  const { model, author, signoffs } = statement
  const name = `${model.name} ${model.version}`
  const highest = highestCounter(listed, model.name)
  if (statement.releaseCounter <= highest) {
    throw impossible(`release ${statement.releaseCounter} of ${model.name} is not above ${highest}, which is listed`)
  }
  const present = listed[releasePath(model)] as { hashes?: { sha256?: string } } | undefined
  if (present !== undefined && (present.hashes?.sha256 !== model.digest || statement.rollbackOf === null)) {
    throw impossible(`${name} is listed already; a version is never listed with other bytes`)
  }
  if (signoffs.some((signoff) => signoff.person === author))
    throw impossible(`the author of ${name} may not approve it`)
  const persons = new Set(signoffs.map((signoff) => signoff.person))
  if (persons.size !== signoffs.length) throw impossible(`one person is named twice as approver of ${name}`)
  const keys = Object.entries(targets.signed.delegations?.keys ?? {}).flatMap(
    ([keyid, key]) => readApproverKey(keyid, key) ?? [],
  )
  for (const signoff of signoffs) {
    if (!keys.some((key) => key.person === signoff.person && key.role === signoff.role)) {
      throw impossible(`${signoff.person} is not a ${signoff.role} approver of this repository`)
    }
  }
}

function impossible(message: string): DeliveryError {
  return new DeliveryError('release-not-possible', message)
}
