import {
  bytesElement,
  type DataSet,
  DataSetError,
  dataSetOf,
  integer,
  parseDataSet,
  sequence,
  sequenceElement,
  textElement,
  uid,
} from '../../imaging/dataset/index.ts'
import { isUid } from '../facts/uids.ts'
import { STATUS } from '../message/commands.ts'
import type { CommitmentReport, FailedReference, InstanceReference, MessageRefusal } from '../ports.ts'

/** Action Type ID of a request (PS3.4 J.3.2) and Event Type IDs of its report (PS3.4 J.3.3). */
export const REQUEST_STORAGE_COMMITMENT = 1
export const EVENT_TYPE = { allCommitted: 1, failuresExist: 2 } as const

/** Bytes of action or event information that are read: some hundred thousand references. */
export const MAX_COMMITMENT_BYTES = 16 * 1024 ** 2
/** References of one transaction that are taken; more is answered with 0213H, resource limitation. */
export const MAX_REFERENCES = 50_000

const TAG = {
  referencedSopClassUid: 0x00081150,
  referencedSopInstanceUid: 0x00081155,
  transactionUid: 0x00081195,
  failureReason: 0x00081197,
  failedSopSequence: 0x00081198,
  referencedSopSequence: 0x00081199,
} as const

const READ_LIMITS = { maxBytes: MAX_COMMITMENT_BYTES, maxElements: 8 * MAX_REFERENCES, maxDepth: 4 }

/** Processing failure (PS3.3 C.14.1.1): what an absent or unreadable Failure Reason is taken for. */
const PROCESSING_FAILURE = 0x0110

/** Action information of a request (PS3.4 table J.3-1). */
export function writeCommitmentRequest(transactionUid: string, instances: readonly InstanceReference[]): DataSet {
  return dataSetOf([
    textElement(TAG.transactionUid, 'UI', transactionUid),
    sequenceElement(TAG.referencedSopSequence, instances.map(referenceItem)),
  ])
}

/** Event information of a report (PS3.4 table J.3-2): sequences without an item are left out. */
export function writeCommitmentReport(report: CommitmentReport): DataSet {
  const elements = [textElement(TAG.transactionUid, 'UI', report.transactionUid)]
  if (report.failed.length > 0) elements.push(sequenceElement(TAG.failedSopSequence, report.failed.map(failedItem)))
  if (report.committed.length > 0)
    elements.push(sequenceElement(TAG.referencedSopSequence, report.committed.map(referenceItem)))
  return dataSetOf(elements)
}

/** Event type 1 when everything is committed, else 2 (PS3.4 J.3.3.1). */
export function eventTypeOf(report: CommitmentReport): number {
  return report.failed.length === 0 ? EVENT_TYPE.allCommitted : EVENT_TYPE.failuresExist
}

/** Reads action information. What is wrong with it becomes the status of the N-ACTION response (PS3.7 10.1.4.1.9). */
export function readCommitmentRequest(
  bytes: Uint8Array | undefined,
  transferSyntaxUid: string,
):
  | { readonly kind: 'read'; readonly transactionUid: string; readonly instances: InstanceReference[] }
  | MessageRefusal {
  const dataSet = readDataSet(bytes, transferSyntaxUid)
  if ('kind' in dataSet) return dataSet
  const transactionUid = validUid(dataSet, TAG.transactionUid)
  if (transactionUid === undefined) return refused('Transaction UID is missing or malformed')
  const items = sequence(dataSet, TAG.referencedSopSequence)
  if (items.length === 0) return refused('Referenced SOP Sequence is missing or empty')
  if (items.length > MAX_REFERENCES) return tooLarge()
  const instances = references(items)
  if (instances === undefined) return refused('a reference lacks a valid class or instance UID')
  return { kind: 'read', transactionUid, instances }
}

/** Reads event information. A failed item without a reason counts as a processing failure. */
export function readCommitmentReport(
  bytes: Uint8Array | undefined,
  transferSyntaxUid: string,
): { readonly kind: 'read'; readonly report: CommitmentReport } | MessageRefusal {
  const dataSet = readDataSet(bytes, transferSyntaxUid)
  if ('kind' in dataSet) return dataSet
  const transactionUid = validUid(dataSet, TAG.transactionUid)
  if (transactionUid === undefined) return refused('Transaction UID is missing or malformed')
  const failedItems = sequence(dataSet, TAG.failedSopSequence)
  const committedItems = sequence(dataSet, TAG.referencedSopSequence)
  if (failedItems.length + committedItems.length > MAX_REFERENCES) return tooLarge()
  const committed = references(committedItems)
  const failed = references(failedItems)
  if (committed === undefined || failed === undefined) return refused('a reference lacks a valid class or instance UID')
  const withReasons = failed.map((reference, index): FailedReference => {
    const item = failedItems[index]
    const failureReason = item === undefined ? undefined : integer(item, TAG.failureReason)
    return { ...reference, failureReason: failureReason ?? PROCESSING_FAILURE }
  })
  return { kind: 'read', report: { transactionUid, committed, failed: withReasons } }
}

function readDataSet(bytes: Uint8Array | undefined, transferSyntaxUid: string): DataSet | MessageRefusal {
  if (bytes === undefined) return tooLarge()
  try {
    const { dataSet, truncated } = parseDataSet(bytes, transferSyntaxUid, READ_LIMITS)
    return truncated ? refused('data set is cut short') : dataSet
  } catch (error) {
    if (!(error instanceof DataSetError)) throw error
    return error.code === 'too-large' || error.code === 'too-many-elements'
      ? tooLarge()
      : refused('data set is damaged')
  }
}

function references(items: readonly DataSet[]): InstanceReference[] | undefined {
  const found: InstanceReference[] = []
  for (const item of items) {
    const sopClassUid = validUid(item, TAG.referencedSopClassUid)
    const sopInstanceUid = validUid(item, TAG.referencedSopInstanceUid)
    if (sopClassUid === undefined || sopInstanceUid === undefined) return undefined
    found.push({ sopClassUid, sopInstanceUid })
  }
  return found
}

function referenceItem({ sopClassUid, sopInstanceUid }: InstanceReference): DataSet {
  return dataSetOf([
    textElement(TAG.referencedSopClassUid, 'UI', sopClassUid),
    textElement(TAG.referencedSopInstanceUid, 'UI', sopInstanceUid),
  ])
}

function failedItem(reference: FailedReference): DataSet {
  const reason = Buffer.alloc(2)
  reason.writeUInt16LE(reference.failureReason)
  return dataSetOf([...referenceItem(reference).elements.values(), bytesElement(TAG.failureReason, 'US', reason)])
}

function validUid(dataSet: DataSet, tag: number): string | undefined {
  const value = uid(dataSet, tag)
  return value !== undefined && isUid(value) ? value : undefined
}

function refused(comment: string): MessageRefusal {
  return { kind: 'refused', status: STATUS.invalidArgumentValue, comment }
}

function tooLarge(): MessageRefusal {
  return { kind: 'refused', status: STATUS.resourceLimitation, comment: 'more references than this node takes at once' }
}
