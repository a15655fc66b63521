import { isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import {
  MAX_COMMITMENT_BYTES,
  REQUEST_STORAGE_COMMITMENT,
  readCommitmentReport,
  readCommitmentRequest,
} from '../commitment/data-sets.ts'
import { STORAGE_COMMITMENT_INSTANCE, STORAGE_COMMITMENT_PUSH_MODEL, STUDY_ROOT } from '../facts/uids.ts'
import { type CommandSet, ELEMENT } from '../message/command-set.ts'
import { type Answered, COMMAND, hasDataSet, RESPONSE_BIT, response, STATUS } from '../message/commands.ts'
import { CollectingReceiver, type DataSetReceiver, droppingReceiver } from '../message/data-set-receiver.ts'
import type { AssociationFacts, MessageRefusal, NetworkServices } from '../ports.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import { answeredOf } from './answered.ts'
import { EVENT_TYPES, EventReports, type SendMessage } from './event-reports.ts'
import { FindOperation, MAX_IDENTIFIER_BYTES } from './find-operation.ts'
import { normalizedRequest } from './normalized-requests.ts'
import type { AcceptedContext } from './requests.ts'

export interface ServiceParts {
  readonly services: NetworkServices
  readonly association: AssociationFacts
  readonly send: SendMessage
  readonly answerTimeoutMs: number
  readonly logger: Logger
}

const ACCEPTED = { status: STATUS.success as number, comment: '' }
const FAILED: MessageRefusal = { kind: 'refused', status: STATUS.processingFailure, comment: 'failed here; try again' }

/** Messages of storage commitment and query on one association that a peer opened. */
export class ServiceMessages {
  readonly #parts: ServiceParts
  readonly #reports: EventReports
  #find: FindOperation | undefined

  constructor(parts: ServiceParts) {
    this.#parts = parts
    this.#reports = new EventReports(parts.send, parts.answerTimeoutMs)
  }

  /**
   * Takes a message of these services.
   * @returns what takes its data set (`finish` is to be called at once where none follows), or `undefined` when the
   * message is not for these services. @throws MalformedMessageError for what PS3.7 does not allow now.
   */
  take(command: CommandSet, context: AcceptedContext): DataSetReceiver | undefined {
    const field = command.requiredNumber(ELEMENT.commandField)
    if ((field & RESPONSE_BIT) !== 0) return droppingReceiver(() => this.#reports.answered(command))
    if (field === COMMAND.cancel && this.#find !== undefined) return droppingReceiver(() => this.#cancel(command))
    // PS3.7 D.3.3.3: one operation at a time; while a query runs, only its cancel may come.
    if (this.#find !== undefined) throw new MalformedMessageError('a request while another is being answered')
    const { services } = this.#parts
    if (context.abstractSyntax === STUDY_ROOT.find && field === COMMAND.find && services.query !== undefined)
      return this.#query(services.query, command, context)
    const normalized = normalizedRequest(services, command, context, this.#parts.association)
    if (normalized !== undefined) {
      const { answered, wrong, handle } = normalized
      return this.#collect(context, answered, wrong, hasDataSet(command), async (bytes) => handle(bytes))
    }
    if (context.abstractSyntax !== STORAGE_COMMITMENT_PUSH_MODEL) return undefined
    if (field === COMMAND.action && services.commitment !== undefined)
      return this.#action(services.commitment, command, context)
    if (field === COMMAND.eventReport && services.commitmentReports !== undefined)
      return this.#eventReport(services.commitmentReports, command, context)
    return undefined
  }

  /** The association is over. */
  ended(): void {
    this.#find?.cancel()
    this.#reports.ended()
  }

  #cancel(command: CommandSet): void {
    if (this.#find?.messageId === command.number(ELEMENT.messageIdBeingRespondedTo)) this.#find?.cancel()
  }

  #query(
    service: NonNullable<NetworkServices['query']>,
    command: CommandSet,
    context: AcceptedContext,
  ): DataSetReceiver {
    const { association, send, logger } = this.#parts
    const answered = answeredOf(command, COMMAND.find, ELEMENT.affectedSopClassUid, undefined)
    if (!hasDataSet(command)) {
      const end = response(answered, STATUS.dataSetDoesNotMatchSopClass, 'no identifier follows')
      return droppingReceiver(() => send(context, end))
    }
    const find = new FindOperation({ service, association, context, answered, send, logger })
    return new CollectingReceiver(MAX_IDENTIFIER_BYTES, async (identifier) => {
      this.#find = find
      // Not waited for: a cancel must be able to come in meanwhile.
      void find.run(identifier).finally(() => {
        this.#find = undefined
      })
    })
  }

  /** N-ACTION of PS3.4 J.3.2. */
  #action(
    service: NonNullable<NetworkServices['commitment']>,
    command: CommandSet,
    context: AcceptedContext,
  ): DataSetReceiver {
    const { association } = this.#parts
    const answered = answeredOf(command, COMMAND.action, ELEMENT.requestedSopClassUid, ELEMENT.requestedSopInstanceUid)
    const wrong =
      wrongInstance(answered) ??
      (command.number(ELEMENT.actionTypeId) === REQUEST_STORAGE_COMMITMENT
        ? undefined
        : refused(STATUS.noSuchActionType, 'action type is not 1'))
    return this.#collect(context, answered, wrong, hasDataSet(command), async (bytes) => {
      const read = readCommitmentRequest(bytes, context.transferSyntax)
      if (read.kind === 'refused') return read
      const { transactionUid, instances } = read
      return service.request({ association, transactionUid, instances }, this.#reports.channelOn(context))
    })
  }

  /** N-EVENT-REPORT of PS3.4 J.3.3, sent by an SCP that opened this association. */
  #eventReport(
    service: NonNullable<NetworkServices['commitmentReports']>,
    command: CommandSet,
    context: AcceptedContext,
  ): DataSetReceiver {
    const answered = answeredOf(
      command,
      COMMAND.eventReport,
      ELEMENT.affectedSopClassUid,
      ELEMENT.affectedSopInstanceUid,
    )
    const wrong =
      wrongInstance(answered) ??
      (EVENT_TYPES.has(command.number(ELEMENT.eventTypeId) ?? 0)
        ? undefined
        : refused(STATUS.noSuchEventType, 'event type is neither 1 nor 2'))
    return this.#collect(context, answered, wrong, hasDataSet(command), async (bytes) => {
      const read = readCommitmentReport(bytes, context.transferSyntax)
      return read.kind === 'refused' ? read : service.reported(read.report, this.#parts.association)
    })
  }

  #collect(
    context: AcceptedContext,
    answered: Answered,
    wrong: MessageRefusal | undefined,
    dataSetFollows: boolean,
    handle: (bytes: Uint8Array | undefined) => Promise<'accepted' | MessageRefusal>,
  ): DataSetReceiver {
    const answer = ({ status, comment, errorId }: Omit<MessageRefusal, 'kind'>) =>
      this.#parts.send(context, response(answered, status, comment, false, errorId))
    if (wrong !== undefined) return droppingReceiver(() => answer(wrong))
    if (!dataSetFollows)
      return droppingReceiver(() => answer(refused(STATUS.invalidArgumentValue, 'no data set follows the command')))
    return new CollectingReceiver(MAX_COMMITMENT_BYTES, async (bytes) => {
      const decision = await handle(bytes).catch((error: unknown) => this.#failed(error))
      await answer(decision === 'accepted' ? ACCEPTED : decision)
    })
  }

  #failed(error: unknown): MessageRefusal {
    this.#parts.logger.error('dimse.commitment.failed', {
      code: isCodedError(error) ? error.code : 'unexpected',
      reason: error instanceof Error ? error.name : undefined,
    })
    return FAILED
  }
}

/** PS3.4 J.3.5: the SOP instance is always the well-known one. */
function wrongInstance({ sopClassUid, sopInstanceUid }: Answered): MessageRefusal | undefined {
  if (sopClassUid !== STORAGE_COMMITMENT_PUSH_MODEL)
    return refused(STATUS.sopClassNotSupported, 'SOP class is not that of the presentation context')
  if (sopInstanceUid !== STORAGE_COMMITMENT_INSTANCE)
    return refused(STATUS.noSuchSopInstance, 'SOP instance is not the well-known one')
  return undefined
}

function refused(status: number, comment: string): MessageRefusal {
  return { kind: 'refused', status, comment }
}
