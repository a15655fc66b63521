import type { Clock, Logger, Randomness, Service } from '@leadglass/sync-agent/foundation'
import { type ArchiveParts, type ArchiveRoom, composeArchives } from './compose-archives.ts'
import {
  AssociationRequester,
  CommitmentProvider,
  type NetworkServices,
  type RequesterTls,
  SqliteCommitmentStore,
  SqliteStudyFinder,
  StudyQueryService,
} from './dimse/index.ts'
import type { Spool } from './intake/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'
import type { TlsMaterial } from './site-settings/index.ts'

/** What the services beside storage are made of. */
export interface NetworkParts
  extends Pick<ArchiveParts, 'dataFolder' | 'spoolKey' | 'audit' | 'onChanged' | 'mayWork'> {
  readonly aeTitle: string
  readonly records: Records
  readonly spool: Spool
  readonly settings: CurrentSettings
  /** Our identity towards peers with TLS. */
  readonly material: TlsMaterial
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
  /** To be started before the DICOM port opens. */
  readonly running: readonly Service[]
} & Pick<ArchiveRoom, 'evidence' | 'priors' | 'route'> {
  const { aeTitle, records, spool, settings, material, clock, randomness, logger } = parts
  const held = new SqliteStudyFinder(records.database, (digest) => spool.has(digest))
  const callerOf = (title: string) => settings().callers.find((one) => one.aeTitle.trim() === title.trim())
  const commitment = new CommitmentProvider({
    store: new SqliteCommitmentStore(records.database),
    holdings: held,
    directory: ({ aeTitle: title, address }) => {
      const reportPort = callerOf(title)?.reportPort
      if (reportPort !== undefined) {
        const tls = withTls(material.towards(callerOf(title)?.reportTls))
        return { host: address, port: reportPort, calledAeTitle: title.trim(), callingAeTitle: aeTitle, ...tls }
      }
      const destination = settings().destinations.find((one) => one.aeTitle.trim() === title.trim())
      if (destination === undefined) return undefined
      return {
        host: destination.host,
        port: destination.port,
        calledAeTitle: destination.aeTitle,
        callingAeTitle: aeTitle,
        ...withTls(material.towards(destination.tls)),
      }
    },
    requester: new AssociationRequester({ logger, randomness }),
    clock,
    randomness,
    logger: logger.child({ room: 'commitment' }),
  })
  const query = new StudyQueryService(held, ({ callingAeTitle }) => callerOf(callingAeTitle)?.mayQuery === true)
  const archives = composeArchives({
    ...parts,
    readInstance: (digest) => spool.read(digest),
    towards: (tls) => material.towards(tls),
  })
  const { evidence, priors, route } = archives
  const services: NetworkServices = {
    commitment,
    query,
    ...archives.services,
    get procedureSteps() {
      return archives.services.procedureSteps
    },
    get availability() {
      return archives.services.availability
    },
  }
  return { services, running: [commitment, ...archives.running], evidence, priors, route }
}

function withTls(tls: RequesterTls | undefined): { readonly tls?: RequesterTls } {
  return tls === undefined ? {} : { tls }
}
