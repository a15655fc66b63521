import { join } from 'node:path'
import type { Clock, Logger, Randomness, Service } from '@leadglass/sync-agent/foundation'
import {
  AssociationRequester,
  CommitmentUser,
  type Destination,
  encodeFileMeta,
  findPriors,
  KEY,
  type NetworkServices,
  ProcedureStepProvider,
  type RequesterTls,
  SqliteCommitmentStore,
  type StorageService,
} from './dimse/index.ts'
import type { AuditSink } from './egress/index.ts'
import { uid } from './imaging/dataset/index.ts'
import { type CompletenessEvidence, type CountAsker, StudyEvidence } from './intake/index.ts'
import { MoveRouter, type PriorArchive, PriorFetcher, PriorVault } from './priors/index.ts'
import type { Records } from './records/index.ts'
import { type ConfirmationAsker, DeliveryConfirmation, findsOverHttp } from './results/index.ts'
import type { CurrentSettings } from './settings.ts'
import type { PeerTls } from './settings-network.ts'

/** What is asked of archives is made of. */
export interface ArchiveParts {
  readonly aeTitle: string
  /** Of the appliance; priors lie below it. */
  readonly dataFolder: string
  readonly spoolKey: Uint8Array
  readonly records: Records
  readonly readInstance: (digest: string) => Promise<Uint8Array>
  readonly settings: CurrentSettings
  readonly towards: (tls: PeerTls | undefined) => RequesterTls | undefined
  /** False under pressure: what nobody waits for rests. */
  readonly mayWork: () => boolean
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  readonly onChanged: (studyId: number) => void
}

/** Everything that asks archives, and what they tell us. */
export interface ArchiveRoom {
  readonly running: readonly Service[]
  readonly services: Pick<NetworkServices, 'commitmentReports' | 'procedureSteps' | 'availability'>
  readonly evidence: CompletenessEvidence
  readonly priors: PriorFetcher
  /** Leads instances of our own C-MOVE past the intake. */
  readonly route: (storage: StorageService) => StorageService
}

/** A C-FIND for a decision waits shorter than a retrieval. */
const QUERY_TIMEOUTS = { connectMs: 5000, associationMs: 10_000, responseMs: 20_000 }

/** Puts together confirmation of deliveries, evidence of completeness, and priors. */
export function composeArchives(parts: ArchiveParts): ArchiveRoom {
  const { aeTitle, records, settings, audit, clock, randomness, logger, onChanged } = parts
  const requester = new AssociationRequester({ logger: logger.child({ room: 'archives' }), randomness })
  const peer = (node: { aeTitle: string; host: string; port: number; tls?: PeerTls | undefined }): Destination => {
    const tls = parts.towards(node.tls)
    const { host, port, aeTitle: calledAeTitle } = node
    return { host, port, calledAeTitle, callingAeTitle: aeTitle, ...(tls === undefined ? {} : { tls }) }
  }
  const asking = (node: Parameters<typeof peer>[0]): Destination => ({ ...peer(node), timeouts: QUERY_TIMEOUTS })

  const user: CommitmentUser = new CommitmentUser({
    store: new SqliteCommitmentStore(records.database),
    requester,
    onSettled: (request) => confirmation.settled(request),
    clock,
    randomness,
    logger: logger.child({ room: 'commitment' }),
  })
  const asker: ConfirmationAsker = {
    async requestCommitment(destination, instances, reportTimeoutMs) {
      await user.requestCommitment(destination.name, peer(destination), instances, reportTimeoutMs)
    },
    async finds(destination, place) {
      if (destination.protocol !== 'dicom') return findsOverHttp(destination, place)
      const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = place
      const keys = {
        [KEY.studyInstanceUid]: studyInstanceUid,
        [KEY.seriesInstanceUid]: seriesInstanceUid,
        [KEY.sopInstanceUid]: sopInstanceUid,
      }
      for await (const match of requester.find(asking(destination), 'IMAGE', keys, { maximum: 2 }))
        if (uid(match, KEY.sopInstanceUid) === sopInstanceUid) return true
      return false
    },
  }
  const confirmation = new DeliveryConfirmation({
    records,
    asker,
    settings,
    audit,
    clock,
    randomness,
    logger,
    onChanged,
  })

  const ask: CountAsker = async (source, studyInstanceUid) => {
    const count = await requester.countStudyInstances(asking(source), studyInstanceUid)
    return count.kind === 'counted' ? count.instances : undefined
  }
  const evidence = new StudyEvidence({ records, settings, ask, clock, logger })
  const steps = new ProcedureStepProvider({
    store: records.evidence,
    transaction: (work) => records.transaction(work),
    clock,
    logger,
  })

  let router: MoveRouter | undefined
  const archive: PriorArchive = {
    find: (source, current, rule) => findPriors(requester, asking(source), current, rule),
    async fetch(source, studyInstanceUid, storage, { maximumInstances, signal }) {
      const keys = { [KEY.studyInstanceUid]: studyInstanceUid }
      if (source.retrieve === 'get')
        return requester.get(peer(source), 'STUDY', keys, storage, {
          maxInstances: maximumInstances,
          maxInstanceBytes: settings().limits.maximumInstanceBytes,
          signal,
        })
      if (router === undefined) throw new Error('the DICOM port is not put together')
      return router.during(storage, () => requester.move(peer(source), 'STUDY', keys, aeTitle, { signal }))
    },
  }
  const priors = new PriorFetcher({
    records,
    vault: new PriorVault({ folder: join(parts.dataFolder, 'priors'), key: parts.spoolKey, randomness }),
    archive,
    readInstance: parts.readInstance,
    encodeFileMeta: ({ sopClassUid, sopInstanceUid, transferSyntaxUid, association }) =>
      encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid, sourceAeTitle: association.callingAeTitle }),
    settings,
    mayWork: parts.mayWork,
    audit,
    clock,
    logger,
    onChanged,
  })
  return {
    running: [user, confirmation, evidence, priors],
    services: {
      commitmentReports: user,
      // Asked at each association: the settings may change while the port is open.
      get procedureSteps() {
        return settings().assembly.procedureSteps ? steps : undefined
      },
      get availability() {
        return settings().assembly.availability ? steps : undefined
      },
    },
    evidence,
    priors,
    route: (storage) => {
      router = new MoveRouter(storage, aeTitle)
      return router
    },
  }
}
