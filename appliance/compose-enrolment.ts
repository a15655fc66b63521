import type { DeviceId } from '@leadglass/sync-agent/contract'
import { exchangePaths, IdentityStatusFile, JoinWishFile } from '@leadglass/sync-agent/exchange'
import { EnrolmentDesk, type EnrolmentDeskDependencies } from './enrolment/index.ts'

/** Where people let this box join a hub: a wish to the agent, and what the agent says, through the exchange. */
export function composeEnrolment(
  parts: Pick<EnrolmentDeskDependencies, 'folders' | 'audit' | 'auditKey' | 'onPinned'> & {
    readonly device: DeviceId
    readonly exchangeFolder: string
  },
): EnrolmentDesk {
  const { join, identityStatus } = exchangePaths(parts.exchangeFolder)
  return new EnrolmentDesk({
    ...parts,
    wishFile: new JoinWishFile(join),
    statusFile: new IdentityStatusFile(identityStatus),
  })
}
