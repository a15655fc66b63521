import { type Logger, type Randomness, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import type { DataSet } from '../../imaging/dataset/index.ts'
import { DimseError } from '../errors.ts'
import { isAeTitle } from '../facts/ae-title.ts'
import {
  APPLICATION_CONTEXT,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  IMPLICIT_VR_LITTLE_ENDIAN,
  isUid,
  VERIFICATION,
} from '../facts/uids.ts'
import { STATUS } from '../message/commands.ts'
import type { QueryLevel, StorageService } from '../ports.ts'
import type { QueryKeys } from '../query/identifiers.ts'
import { CONTEXT_RESULT } from '../upper-layer/associate.ts'
import { encodeAssociateRequest } from '../upper-layer/associate-codec.ts'
import { RequestedAssociation } from './association.ts'
import type { FindBounds, FindEnd } from './find.ts'
import { type AssociationOptions, checkOptions, DEFAULT_TIMEOUTS, type Destination } from './options.ts'
import {
  countStudyInstancesAt,
  findAt,
  type GetOptions,
  getAt,
  moveAt,
  type StudyInstanceCount,
} from './query-retrieve.ts'
import type { RetrieveOptions, RetrieveOutcome } from './retrieve.ts'
import { type InstanceResult, InstanceSender, type OutgoingInstance } from './send-instances.ts'
import { RequesterSession } from './session.ts'
import { openTransport } from './transport.ts'

const DEFAULT_MAX_PDU_RECEIVED = 131_072

/** SCU of Verification, Storage, Query/Retrieve (PS3.4 A, B, C): opens associations to peers. */
export class AssociationRequester {
  readonly #logger: Logger
  readonly #randomness: Randomness

  constructor(parts: { readonly logger?: Logger; readonly randomness?: Randomness } = {}) {
    this.#logger = parts.logger ?? silentLogger
    this.#randomness = parts.randomness ?? systemRandomness
  }

  /**
   * Opens an association (PS3.8 7.1). It may come back with fewer contexts than proposed, even none.
   * @throws DimseError: a rejection, no connection, no answer, or what the peer did against the protocol.
   */
  async requestAssociation(options: AssociationOptions): Promise<RequestedAssociation> {
    checkOptions(options)
    const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
    const maxPduReceived = options.maxPduReceived ?? DEFAULT_MAX_PDU_RECEIVED
    const proposed = options.presentationContexts.map((context, index) => ({ id: 2 * index + 1, ...context }))
    const socket = await openTransport(options.host, options.port, options.tls, timeouts.connectMs)
    const session = new RequesterSession(socket, timeouts, maxPduReceived)
    const accept = await session.open(
      encodeAssociateRequest({
        protocolVersion: 1,
        calledAeTitle: options.calledAeTitle,
        callingAeTitle: options.callingAeTitle,
        applicationContext: APPLICATION_CONTEXT,
        contexts: proposed,
        user: {
          maxLength: maxPduReceived,
          implementationClassUid: IMPLEMENTATION_CLASS_UID,
          implementationVersionName: IMPLEMENTATION_VERSION_NAME,
          asynchronousOperations: null,
          roles: options.roles ?? [],
          extendedNegotiation: [],
          userIdentity: null,
        },
      }),
    )
    const contexts = proposed.flatMap(({ id, abstractSyntax, transferSyntaxes }) => {
      const answer = accept.contexts.find((context) => context.id === id)
      return answer?.result === CONTEXT_RESULT.acceptance && transferSyntaxes.includes(answer.transferSyntax)
        ? [{ id, abstractSyntax, transferSyntax: answer.transferSyntax }]
        : []
    })
    this.#logger.info('dimse.association.opened', { proposed: proposed.length, accepted: contexts.length })
    return new RequestedAssociation(session, contexts, accept.user.maxLength)
  }

  /**
   * Asks whether a peer is there and takes us for who we are: one association, one C-ECHO.
   * @throws DimseError when it does not, with the reason.
   */
  async echo(destination: Destination): Promise<{ readonly status: number }> {
    const association = await this.requestAssociation({
      ...destination,
      presentationContexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_VR_LITTLE_ENDIAN] }],
    })
    try {
      const { status } = await association.cEcho()
      if (status !== STATUS.success)
        throw new DimseError('protocol', `C-ECHO answered with status ${status.toString(16)}`)
      return { status }
    } finally {
      await association.release()
    }
  }

  /**
   * Sends instances one after the other and reports each, in order, before the next is sent. Presentation contexts are
   * negotiated for what is to be sent; over more than 128 of them, several associations are used one after the other.
   * A failed association is opened again for the next instance, so one poisonous instance does not block the rest.
   * Never rejects for a peer's failure; it does for one of `instances` or `onResult`.
   */
  async sendInstances(
    destination: Destination,
    instances: AsyncIterable<OutgoingInstance> | Iterable<OutgoingInstance>,
    onResult: (instance: OutgoingInstance, result: InstanceResult) => void | Promise<void>,
  ): Promise<void> {
    const sender = new InstanceSender((presentationContexts) =>
      this.requestAssociation({ ...destination, presentationContexts }),
    )
    await sender.sendAll(instances, onResult)
  }

  /**
   * Asks a peer for what matches (C-FIND, study root, PS3.4 C.6.2), on an association of its own. Matches are read no
   * faster than they are taken; breaking off, the bound and `signal` all cancel the query at the peer. The return value
   * of the generator says how it ended.
   * @throws DimseError on the first step: `peer-refused`, `peer-busy`, or why there is no association.
   */
  find(
    destination: Destination,
    level: QueryLevel,
    keys: QueryKeys,
    bounds: FindBounds = {},
  ): AsyncGenerator<DataSet, FindEnd, void> {
    return findAt(this.#open, destination, level, keys, bounds)
  }

  /**
   * Lets a peer send what the keys name to the AE title `moveDestination`, which it must know (C-MOVE, PS3.4 C.4.2).
   * Keys are unique keys of the level and those above.
   * @throws DimseError when there is no answer.
   */
  async move(
    destination: Destination,
    level: QueryLevel,
    keys: QueryKeys,
    moveDestination: string,
    options: RetrieveOptions = {},
  ): Promise<RetrieveOutcome> {
    if (!isAeTitle(moveDestination)) throw new DimseError('invalid-argument', 'move destination is no AE title')
    return moveAt(this.#open, destination, level, keys, moveDestination, options)
  }

  /**
   * Fetches what the keys name into `storage`, on the same association (C-GET, PS3.4 C.4.3). In what `storage` is told,
   * the peer stands as the calling side: it is the source.
   * @throws DimseError when there is no answer; what came until then is in `storage`.
   */
  async get(
    destination: Destination,
    level: QueryLevel,
    keys: QueryKeys,
    storage: StorageService,
    options: GetOptions = {},
  ): Promise<RetrieveOutcome> {
    const parts = { logger: this.#logger, randomness: this.#randomness }
    return getAt(this.#open, parts, destination, level, keys, storage, options)
  }

  /** How many instances of a study a peer has, for deciding whether all have come. @throws DimseError. */
  async countStudyInstances(destination: Destination, studyInstanceUid: string): Promise<StudyInstanceCount> {
    if (!isUid(studyInstanceUid)) throw new DimseError('invalid-argument', 'study instance UID is no UID (PS3.5 9.1)')
    return countStudyInstancesAt(this.#open, destination, studyInstanceUid)
  }

  readonly #open = (options: AssociationOptions): Promise<RequestedAssociation> => this.requestAssociation(options)
}
