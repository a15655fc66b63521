import {
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  STORAGE_COMMITMENT_INSTANCE,
  STORAGE_COMMITMENT_PUSH_MODEL,
} from '../facts/uids.ts'
import { ELEMENT } from '../message/command-set.ts'
import { actionRequest, COMMAND, eventReportRequest, hasDataSet, response, STATUS } from '../message/commands.ts'
import { CollectingReceiver, droppingReceiver } from '../message/data-set-receiver.ts'
import type { CommitmentReport, InstanceReference, MessageRefusal } from '../ports.ts'
import type { RequestedAssociation } from '../requester/association.ts'
import type { Destination } from '../requester/options.ts'
import type { AssociationRequester } from '../requester/requester.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'
import {
  eventTypeOf,
  MAX_COMMITMENT_BYTES,
  REQUEST_STORAGE_COMMITMENT,
  readCommitmentReport,
  writeCommitmentReport,
  writeCommitmentRequest,
} from './data-sets.ts'

const CONTEXT = {
  abstractSyntax: STORAGE_COMMITMENT_PUSH_MODEL,
  transferSyntaxes: [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN],
}

/**
 * N-EVENT-REPORT on an association of its own, on which we are the SCP (PS3.4 J.3.3, PS3.7 D.3.3.4).
 * @returns the status of the requester. @throws DimseError when there is none.
 */
export async function sendEventReport(
  requester: AssociationRequester,
  destination: Destination,
  report: CommitmentReport,
): Promise<number> {
  const association = await requester.requestAssociation({
    ...destination,
    presentationContexts: [CONTEXT],
    roles: [{ sopClassUid: STORAGE_COMMITMENT_PUSH_MODEL, scu: false, scp: true }],
  })
  try {
    const { answer } = association.converse(
      {
        sopClassUid: STORAGE_COMMITMENT_PUSH_MODEL,
        commandField: COMMAND.eventReport,
        encode: (messageId) =>
          eventReportRequest(
            messageId,
            STORAGE_COMMITMENT_PUSH_MODEL,
            STORAGE_COMMITMENT_INSTANCE,
            eventTypeOf(report),
          ),
      },
      writeCommitmentReport(report),
    )
    return (await answer).status
  } finally {
    await association.release()
  }
}

/** An association on which we are the SCU of storage commitment. @throws DimseError. */
export function openForRequest(
  requester: AssociationRequester,
  destination: Destination,
): Promise<RequestedAssociation> {
  return requester.requestAssociation({ ...destination, presentationContexts: [CONTEXT] })
}

/** N-ACTION (PS3.4 J.3.2). @returns the status of the peer. @throws DimseError when there is none. */
export async function requestOn(
  association: RequestedAssociation,
  transactionUid: string,
  instances: readonly InstanceReference[],
): Promise<number> {
  const { answer } = association.converse(
    {
      sopClassUid: STORAGE_COMMITMENT_PUSH_MODEL,
      commandField: COMMAND.action,
      encode: (messageId) =>
        actionRequest(
          messageId,
          STORAGE_COMMITMENT_PUSH_MODEL,
          STORAGE_COMMITMENT_INSTANCE,
          REQUEST_STORAGE_COMMITMENT,
        ),
    },
    writeCommitmentRequest(transactionUid, instances),
  )
  return (await answer).status
}

/** Takes N-EVENT-REPORTs that come on our own association while it lasts (PS3.4 J.3.3). */
export function serveEventReports(
  association: RequestedAssociation,
  reported: (report: CommitmentReport) => Promise<'accepted' | MessageRefusal>,
): void {
  association.serve(async (command, context) => {
    if (command.number(ELEMENT.commandField) !== COMMAND.eventReport)
      throw new MalformedMessageError('request of a peer that was asked for none')
    const answered = {
      commandField: COMMAND.eventReport,
      messageId: command.requiredNumber(ELEMENT.messageId),
      sopClassUid: STORAGE_COMMITMENT_PUSH_MODEL,
      sopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
    }
    const answer = ({ status, comment }: { status: number; comment: string }) =>
      association.respond(context, response(answered, status, comment))
    if (!hasDataSet(command))
      return droppingReceiver(() => answer({ status: STATUS.invalidArgumentValue, comment: 'no data set follows' }))
    return new CollectingReceiver(MAX_COMMITMENT_BYTES, async (bytes) => {
      const read = readCommitmentReport(bytes, context.transferSyntax)
      const decision = read.kind === 'refused' ? read : await reported(read.report)
      await answer(decision === 'accepted' ? { status: STATUS.success, comment: '' } : decision)
    })
  })
}
