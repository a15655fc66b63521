import { isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import { concat, DataSetError, parseDataSet, writeDataSet } from '../../imaging/dataset/index.ts'
import { type Answered, response, STATUS } from '../message/commands.ts'
import type { AssociationFacts, MessageRefusal, QueryService } from '../ports.ts'
import type { SendMessage } from './event-reports.ts'
import type { AcceptedContext } from './requests.ts'

/** Bytes of an identifier that are read: keys of one query, with lists of UIDs. */
export const MAX_IDENTIFIER_BYTES = 1_048_576
const READ_LIMITS = { maxBytes: MAX_IDENTIFIER_BYTES, maxElements: 10_000, maxDepth: 8 }

/** What a C-FIND needs to be answered. */
export interface FindParts {
  readonly service: QueryService
  readonly association: AssociationFacts
  readonly context: AcceptedContext
  readonly answered: Answered
  readonly send: SendMessage
  readonly logger: Logger
}

/** One C-FIND that is being answered (PS3.4 C.4.1). It can be cancelled between two matches. */
export class FindOperation {
  readonly messageId: number
  readonly #parts: FindParts
  #cancelled = false

  constructor(parts: FindParts) {
    this.#parts = parts
    this.messageId = parts.answered.messageId
  }

  /** C-CANCEL came, or the association is over. */
  cancel(): void {
    this.#cancelled = true
  }

  /**
   * Sends all matches and the final status. Never rejects: when sending fails the association is over.
   * @param identifier the encoded identifier, or `undefined` when it was too large.
   */
  async run(identifier: Uint8Array | undefined): Promise<void> {
    const { context, answered, send, logger } = this.#parts
    try {
      const end = await this.#matches(identifier)
      await send(context, response(answered, end.status, end.comment))
    } catch (error) {
      // What broke is the association, which tells its own story.
      logger.info('dimse.query.unfinished', { code: isCodedError(error) ? error.code : 'unexpected' })
    }
  }

  async #matches(bytes: Uint8Array | undefined): Promise<{ status: number; comment: string }> {
    const { service, association, context, answered, send, logger } = this.#parts
    const identifier = readIdentifier(bytes, context.transferSyntax)
    if ('status' in identifier) return identifier
    const sending = { failed: false }
    try {
      for await (const match of service.find({ association, identifier: identifier.dataSet })) {
        // PS3.4 C.4.1.3.2: matching terminated due to a cancel request.
        if (this.#cancelled) return { status: STATUS.cancelled, comment: '' }
        if (match.kind === 'refused') return match
        sending.failed = true
        await send(
          context,
          response(answered, match.optionalKeysIgnored ? STATUS.pendingWithWarning : STATUS.pending, '', true),
          concat(writeDataSet(match.identifier, context.transferSyntax)),
        )
        sending.failed = false
      }
    } catch (error) {
      if (sending.failed) throw error
      logger.error('dimse.query.failed', {
        code: isCodedError(error) ? error.code : 'unexpected',
        reason: error instanceof Error ? error.name : undefined,
      })
      return { status: STATUS.unableToProcess, comment: 'the query failed here' }
    }
    return { status: STATUS.success, comment: '' }
  }
}

function readIdentifier(bytes: Uint8Array | undefined, transferSyntaxUid: string) {
  const refused = (comment: string): MessageRefusal => ({
    kind: 'refused',
    status: STATUS.dataSetDoesNotMatchSopClass,
    comment,
  })
  if (bytes === undefined) return refused('identifier is too large')
  try {
    const { dataSet, truncated } = parseDataSet(bytes, transferSyntaxUid, READ_LIMITS)
    return truncated ? refused('identifier is cut short') : { dataSet }
  } catch (error) {
    if (error instanceof DataSetError) return refused('identifier is damaged')
    throw error
  }
}
