import { z } from 'zod'
import type { Destination } from '../settings.ts'
import type { ObjectPlace } from './confirmation.ts'
import { DestinationError } from './errors.ts'
import { meaningOf } from './failures.ts'
import { askOverHttp, HTTP_LIMITS, type HttpLimits } from './http-client.ts'
import { NOTE_SOP_CLASS } from './withdrawal-note.ts'

const SOP_INSTANCE_UID = '00080018'
const matches = z.array(z.record(z.string(), z.looseObject({ Value: z.array(z.unknown()).optional() })))

/**
 * Asks a destination over HTTP whether it has an object: QIDO-RS (PS3.18 10.6), or the report by its id (FHIR).
 * @throws DestinationError when there is no answer.
 */
export async function findsOverHttp(
  destination: Destination,
  place: ObjectPlace,
  limits: HttpLimits = HTTP_LIMITS,
): Promise<boolean> {
  // A note has no resource of its own: what it takes back was changed when it was sent.
  if (destination.protocol === 'fhir' && place.sopClassUid === NOTE_SOP_CLASS) return true
  const path =
    destination.protocol === 'fhir'
      ? `/DiagnosticReport/${place.sopInstanceUid}`
      : `/studies/${place.studyInstanceUid}/series/${place.seriesInstanceUid}/instances?SOPInstanceUID=${place.sopInstanceUid}`
  const accept = destination.protocol === 'fhir' ? 'application/fhir+json' : 'application/dicom+json'
  const answer = await askOverHttp(destination, { method: 'GET', path, accept }, limits)
  const code = answer.kind === 'failed' ? answer.code : `http-${answer.status}`
  if (answer.kind === 'answered') {
    // 204: a search without a match; 404 and 410: no such report, study or series.
    if ([204, 404, 410].includes(answer.status)) return false
    if (answer.status === 200) return destination.protocol === 'fhir' || holdsMatch(answer.body, place.sopInstanceUid)
  }
  const permanent = meaningOf(code).failureClass === 'permanent'
  throw new DestinationError(permanent ? 'destination-refused' : 'destination-unreached', code)
}

function holdsMatch(body: Buffer, sopInstanceUid: string): boolean {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw new DestinationError('destination-unreached', 'http-answer')
  }
  const found = matches.safeParse(value)
  return found.success && found.data.some((one) => one[SOP_INSTANCE_UID]?.Value?.[0] === sopInstanceUid)
}
