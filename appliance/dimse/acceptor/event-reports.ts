import { concat, writeDataSet } from '../../imaging/dataset/index.ts'
import { EVENT_TYPE, eventTypeOf, writeCommitmentReport } from '../commitment/data-sets.ts'
import { DimseError } from '../errors.ts'
import { STORAGE_COMMITMENT_INSTANCE, STORAGE_COMMITMENT_PUSH_MODEL } from '../facts/uids.ts'
import { type CommandSet, ELEMENT } from '../message/command-set.ts'
import { COMMAND, eventReportRequest, RESPONSE_BIT } from '../message/commands.ts'
import type { CommitmentReport, ReportChannel } from '../ports.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import type { AcceptedContext } from './requests.ts'

/** Event types that a report can have (PS3.4 J.3.3). */
export const EVENT_TYPES: ReadonlySet<number> = new Set(Object.values(EVENT_TYPE))

/** Sends a whole message and waits while the peer does not read. @throws DimseError when the association is over. */
export type SendMessage = (context: AcceptedContext, command: Uint8Array, dataSet?: Uint8Array) => Promise<void>

interface Waiting {
  readonly messageId: number
  readonly settle: PromiseWithResolvers<{ status: number }>
}

/**
 * N-EVENT-REPORTs that go out on an association that the peer opened (PS3.4 J.3.3), one at a time: the default window
 * of operations is one (PS3.7 D.3.3.3).
 */
export class EventReports {
  readonly #send: SendMessage
  readonly #answerTimeoutMs: number
  #waiting: Waiting | undefined
  #lastMessageId = 0
  #ended = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(send: SendMessage, answerTimeoutMs: number) {
    this.#send = send
    this.#answerTimeoutMs = answerTimeoutMs
  }

  /** The way back for a request that came on `context`. */
  channelOn(context: AcceptedContext): ReportChannel {
    const isOpen = () => !this.#ended
    return {
      get open() {
        return isOpen()
      },
      report: (report) => {
        const mine = this.#turn.then(() => this.#report(context, report))
        this.#turn = mine.catch(() => {})
        return mine
      },
    }
  }

  /** Takes the answer to a report. @throws MalformedMessageError for one to something that was not asked. */
  answered(command: CommandSet): void {
    const waiting = this.#waiting
    if (
      waiting === undefined ||
      command.number(ELEMENT.commandField) !== (COMMAND.eventReport | RESPONSE_BIT) ||
      command.number(ELEMENT.messageIdBeingRespondedTo) !== waiting.messageId
    )
      throw new MalformedMessageError('response without a request (PS3.7 7.2)')
    this.#waiting = undefined
    waiting.settle.resolve({ status: command.requiredNumber(ELEMENT.status) })
  }

  /** The association is over: nothing more is answered. */
  ended(): void {
    this.#ended = true
    this.#waiting?.settle.reject(
      new DimseError('connection-lost', 'the association ended before the report was answered'),
    )
    this.#waiting = undefined
  }

  async #report(context: AcceptedContext, report: CommitmentReport): Promise<{ status: number }> {
    if (this.#ended || this.#waiting !== undefined)
      throw new DimseError('association-closed', 'the association takes no report now')
    this.#lastMessageId = (this.#lastMessageId + 1) & 0xffff
    const waiting: Waiting = { messageId: this.#lastMessageId, settle: Promise.withResolvers() }
    waiting.settle.promise.catch(() => {})
    this.#waiting = waiting
    const timer = setTimeout(() => {
      if (this.#waiting === waiting) waiting.settle.reject(new DimseError('timed-out', 'the report was not answered'))
    }, this.#answerTimeoutMs)
    try {
      await this.#send(
        context,
        eventReportRequest(
          waiting.messageId,
          STORAGE_COMMITMENT_PUSH_MODEL,
          STORAGE_COMMITMENT_INSTANCE,
          eventTypeOf(report),
        ),
        concat(writeDataSet(writeCommitmentReport(report), context.transferSyntax)),
      )
      return await waiting.settle.promise
    } finally {
      clearTimeout(timer)
    }
  }
}
