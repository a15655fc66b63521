import { type DataSet, DataSetError, parseDataSet, sequence, text, uid } from '../../imaging/dataset/index.ts'
import { isUid } from '../facts/uids.ts'
import { STATUS } from '../message/commands.ts'
import type { AvailabilityNotification, MessageRefusal, ProcedureStepChange } from '../ports.ts'

/** Bytes of a procedure step or notification that are read, and instances that it may name. */
const MAX_BYTES = 16 * 1024 ** 2
export const MAX_NAMED_INSTANCES = 50_000
/** Studies that one step may work on: the group case (PS3.17 annex on MPPS) has a handful. */
const MAX_STUDIES = 32

const READ_LIMITS = { maxBytes: MAX_BYTES, maxElements: 12 * MAX_NAMED_INSTANCES, maxDepth: 12 }

const TAG = {
  instanceAvailability: 0x00080056,
  referencedSeriesSequence: 0x00081115,
  referencedImageSequence: 0x00081140,
  referencedSopInstanceUid: 0x00081155,
  referencedSopSequence: 0x00081199,
  studyInstanceUid: 0x0020000d,
  referencedNonImageSequence: 0x00400220,
  status: 0x00400252,
  scheduledStepAttributesSequence: 0x00400270,
  performedSeriesSequence: 0x00400340,
} as const

/** Attributes of an N-CREATE of a procedure step (PS3.4 table F.7.2-1). What is wrong becomes the status of the response. */
export function readNewStep(
  bytes: Uint8Array | undefined,
  transferSyntaxUid: string,
): { readonly kind: 'read'; readonly studyInstanceUids: readonly string[] } | MessageRefusal {
  const dataSet = readDataSet(bytes, transferSyntaxUid)
  if ('kind' in dataSet) return dataSet
  const status = text(dataSet, TAG.status)
  if (status === undefined) return refused(STATUS.missingAttribute, 'Performed Procedure Step Status is missing')
  // PS3.4 F.7.2.1.2: a step begins in progress.
  if (status !== 'IN PROGRESS') return refused(STATUS.invalidAttributeValue, 'a new step must be IN PROGRESS')
  const steps = sequence(dataSet, TAG.scheduledStepAttributesSequence)
  if (steps.length > MAX_STUDIES) return refused(STATUS.resourceLimitation, 'more scheduled steps than are taken')
  const uids = steps.map((step) => uid(step, TAG.studyInstanceUid) ?? '')
  const studyInstanceUids = [...new Set(uids.filter(isUid))]
  if (studyInstanceUids.length === 0) return refused(STATUS.missingAttribute, 'no scheduled step names a study')
  return { kind: 'read', studyInstanceUids }
}

/** Attributes of an N-SET of a procedure step (PS3.4 table F.7.2-1). */
export function readStepChange(
  bytes: Uint8Array | undefined,
  transferSyntaxUid: string,
): ({ readonly kind: 'read' } & Pick<ProcedureStepChange, 'status' | 'instances'>) | MessageRefusal {
  const dataSet = readDataSet(bytes, transferSyntaxUid)
  if ('kind' in dataSet) return dataSet
  const status = text(dataSet, TAG.status)
  if (status !== undefined && status !== 'IN PROGRESS' && status !== 'COMPLETED' && status !== 'DISCONTINUED')
    return refused(STATUS.invalidAttributeValue, 'Performed Procedure Step Status has an unknown value')
  const series = sequence(dataSet, TAG.performedSeriesSequence)
  if (series.length === 0) return { kind: 'read', status, instances: undefined }
  const references = series.flatMap((one) => [
    ...sequence(one, TAG.referencedImageSequence),
    ...sequence(one, TAG.referencedNonImageSequence),
  ])
  const instances = named(references)
  return 'kind' in instances ? instances : { kind: 'read', status, instances: instances.uids }
}

/** Attributes of a notification of availability (PS3.4 table R.3.2-1). What it calls unavailable is not named. */
export function readAvailability(
  bytes: Uint8Array | undefined,
  transferSyntaxUid: string,
): { readonly kind: 'read'; readonly notification: Omit<AvailabilityNotification, 'association'> } | MessageRefusal {
  const dataSet = readDataSet(bytes, transferSyntaxUid)
  if ('kind' in dataSet) return dataSet
  const studyInstanceUid = uid(dataSet, TAG.studyInstanceUid)
  if (studyInstanceUid === undefined || !isUid(studyInstanceUid))
    return refused(STATUS.missingAttribute, 'Study Instance UID is missing or malformed')
  const references = sequence(dataSet, TAG.referencedSeriesSequence)
    .flatMap((series) => sequence(series, TAG.referencedSopSequence))
    .filter((reference) => text(reference, TAG.instanceAvailability) !== 'UNAVAILABLE')
  const instances = named(references)
  if ('kind' in instances) return instances
  return { kind: 'read', notification: { studyInstanceUid, instances: instances.uids } }
}

function named(references: readonly DataSet[]): { readonly uids: readonly string[] } | MessageRefusal {
  if (references.length > MAX_NAMED_INSTANCES) return refused(STATUS.resourceLimitation, 'more instances than are read')
  const uids = new Set<string>()
  for (const reference of references) {
    const sopInstanceUid = uid(reference, TAG.referencedSopInstanceUid)
    if (sopInstanceUid === undefined || !isUid(sopInstanceUid))
      return refused(STATUS.invalidAttributeValue, 'a reference lacks a valid instance UID')
    uids.add(sopInstanceUid)
  }
  return { uids: [...uids] }
}

function readDataSet(bytes: Uint8Array | undefined, transferSyntaxUid: string): DataSet | MessageRefusal {
  if (bytes === undefined) return refused(STATUS.resourceLimitation, 'more bytes than are read')
  try {
    const { dataSet, truncated } = parseDataSet(bytes, transferSyntaxUid, READ_LIMITS)
    return truncated ? refused(STATUS.processingFailure, 'the data set is cut short') : dataSet
  } catch (error) {
    if (error instanceof DataSetError) return refused(STATUS.processingFailure, 'the data set cannot be read')
    throw error
  }
}

function refused(status: number, comment: string): MessageRefusal {
  return { kind: 'refused', status, comment }
}
