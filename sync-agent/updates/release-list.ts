import type { TargetFile } from '@tufjs/models'
import type { ApprovalPolicy, ReleaseStatement } from '../contract/index.ts'
import type { Refusal } from './attacks.ts'
import { type Approval, checkRelease, signersOf } from './policy.ts'
import type { VerifiedMetadata } from './trusted-metadata.ts'

/** A release whose approvals are in order; its files have not been looked at yet. */
export interface ApprovedRelease {
  readonly target: TargetFile
  readonly statement: ReleaseStatement
  readonly approvals: readonly Approval[]
}

/** The newest approved release of each model, and why others are not taken. */
export interface ReleaseList {
  readonly newest: readonly ApprovedRelease[]
  /** Approved releases that a newer one of the same model replaces; not installed. */
  readonly superseded: readonly ApprovedRelease[]
  readonly refused: readonly Refusal[]
}

/**
 * Chooses what may be installed from verified metadata. The list is cumulative, so older releases stand beside newer
 * ones; only the highest release counter of a model counts, and it may not lie below what the device has seen.
 * @param seen model name to the highest release counter seen.
 */
export function listReleases(
  metadata: Pick<VerifiedMetadata, 'targets' | 'approvedModels'>,
  policy: ApprovalPolicy,
  seen: Readonly<Record<string, number>>,
): ReleaseList {
  const refused: Refusal[] = []
  const byModel = new Map<string, ApprovedRelease[]>()
  if (metadata.approvedModels === undefined) return { newest: [], superseded: [], refused }
  const signers = signersOf(metadata.targets, metadata.approvedModels)
  for (const target of Object.values(metadata.approvedModels.signed.targets)) {
    const outcome = checkRelease(signers, target, policy)
    if (outcome.kind === 'refused') {
      refused.push({ attack: outcome.attack, message: outcome.message, model: modelOfPath(target.path) })
      continue
    }
    const { statement, approvals } = outcome
    const releases = byModel.get(statement.model.name) ?? []
    byModel.set(statement.model.name, [...releases, { target, statement, approvals }])
  }
  const newest: ApprovedRelease[] = []
  const superseded: ApprovedRelease[] = []
  for (const [name, releases] of [...byModel].sort(([a], [b]) => (a < b ? -1 : 1))) {
    releases.sort((a, b) => b.statement.releaseCounter - a.statement.releaseCounter)
    const [first, second] = releases
    if (first === undefined) continue
    const fault = findCounterFault(first, second, Object.hasOwn(seen, name) ? (seen[name] ?? 0) : 0)
    if (fault === undefined) newest.push(first)
    else refused.push(fault)
    superseded.push(...releases.slice(1))
  }
  return { newest, superseded, refused }
}

function findCounterFault(
  first: ApprovedRelease,
  second: ApprovedRelease | undefined,
  seen: number,
): Refusal | undefined {
  const { model, releaseCounter } = first.statement
  const name = { name: model.name, version: model.version }
  if (second?.statement.releaseCounter === releaseCounter) {
    return {
      attack: 'duplicate-release',
      message: `${model.name} ${model.version} and ${second.statement.model.version} both claim to be release ${releaseCounter}.`,
      model: name,
    }
  }
  if (releaseCounter >= seen) return undefined
  return {
    attack: 'older-version',
    message: `The newest listed release of ${model.name} is number ${releaseCounter}; this device has seen number ${seen}. To go back on purpose, approve the older model as a new release.`,
    model: name,
  }
}

function modelOfPath(path: string): Refusal['model'] {
  const found = /^models\/([a-z][a-z0-9-]{1,63})\/(\d{1,4}\.\d{1,4}\.\d{1,6})\/manifest\.json$/.exec(path)
  return found?.[1] === undefined || found[2] === undefined ? null : { name: found[1], version: found[2] }
}
