import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import {
  AssociationRequester,
  CommitmentProvider,
  type NetworkServices,
  SqliteCommitmentStore,
  SqliteStudyFinder,
  StudyQueryService,
} from './dimse/index.ts'
import type { Spool } from './intake/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'

/** What the services beside storage are made of. */
export interface NetworkParts {
  readonly aeTitle: string
  readonly records: Records
  readonly spool: Spool
  readonly settings: CurrentSettings
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/**
 * Storage commitment and C-FIND on the DICOM port. A report that cannot go over the association that asked for it goes to
 * the port that the settings name for the caller, or to the destination of that title. Names are told only to callers
 * whose settings allow queries.
 */
export function composeNetwork(parts: NetworkParts): {
  readonly services: NetworkServices
  readonly commitment: CommitmentProvider
} {
  const { aeTitle, records, spool, settings, clock, randomness, logger } = parts
  const held = new SqliteStudyFinder(records.database, (digest) => spool.has(digest))
  const callerOf = (title: string) => settings().callers.find((one) => one.aeTitle.trim() === title.trim())
  const commitment = new CommitmentProvider({
    store: new SqliteCommitmentStore(records.database),
    holdings: held,
    directory: ({ aeTitle: title, address }) => {
      const reportPort = callerOf(title)?.reportPort
      if (reportPort !== undefined) {
        return { host: address, port: reportPort, calledAeTitle: title.trim(), callingAeTitle: aeTitle }
      }
      const destination = settings().destinations.find((one) => one.aeTitle.trim() === title.trim())
      if (destination === undefined) return undefined
      return {
        host: destination.host,
        port: destination.port,
        calledAeTitle: destination.aeTitle,
        callingAeTitle: aeTitle,
      }
    },
    requester: new AssociationRequester({ logger, randomness }),
    clock,
    randomness,
    logger: logger.child({ room: 'commitment' }),
  })
  const query = new StudyQueryService(held, ({ callingAeTitle }) => callerOf(callingAeTitle)?.mayQuery === true)
  return { services: { commitment, query }, commitment }
}
