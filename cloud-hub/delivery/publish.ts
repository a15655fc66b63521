import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { checkApprovals } from '@leadglass/sync-agent/updates'
import { DeliveryError } from './errors.ts'
import type { RepositoryState } from './repository-state.ts'
import type { PublishedPackage, RepositoryWriter } from './repository-writer.ts'
import { type MetadataSignature, metadataBytes, parseTargets, type SignedPart } from './tuf-format.ts'

/** A list that enough people have signed. */
export interface SignedList {
  readonly signedBytes: Uint8Array
  readonly signatures: readonly MetadataSignature[]
}

/** The file of `approved-models` from the bytes that were signed and the signatures over them. */
export function assembleApprovedModels(list: SignedList): Uint8Array {
  const signed = JSON.parse(Buffer.from(list.signedBytes).toString('utf8')) as SignedPart
  return metadataBytes(signed, list.signatures)
}

/**
 * Publishes a signed list, after the check that every device will make of it: nothing is published that a device would
 * refuse, also not for the sake of an older release that would lose its approval (its author among the signers).
 * Idempotent, so it is also how a start after a crash goes on.
 * @throws {DeliveryError} `devices-would-refuse`, `stale`, `signatures-missing`, `package-damaged`
 */
export async function publishApprovedModels(
  writer: RepositoryWriter,
  list: SignedList,
  packages: readonly PublishedPackage[],
  policy: ApprovalPolicy,
): Promise<void> {
  const bytes = assembleApprovedModels(list)
  refuseWhatDevicesRefuse(await writer.state(), bytes, policy)
  await writer.publishApprovedModels(bytes, packages)
}

function refuseWhatDevicesRefuse(state: RepositoryState, bytes: Uint8Array, policy: ApprovalPolicy): void {
  const approvedModels = parseTargets(bytes)
  for (const target of Object.values(approvedModels.signed.targets)) {
    const outcome = checkApprovals({
      root: state.root.metadata,
      targets: state.targets.metadata,
      approvedModels,
      target,
      policy,
    })
    if (outcome.kind === 'refused') throw new DeliveryError('devices-would-refuse', outcome.message)
  }
}
