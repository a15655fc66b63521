import {
  Deidentifier,
  deriveSiteKeys,
  EgressVerifier,
  identifiersOf,
  pseudonymOfStudy,
} from '@leadglass/appliance/deidentify'
import { DataSetError, DecodeError, decodeFrames, instanceFacts, parsePart10 } from '@leadglass/appliance/imaging'
import { readHeader } from '../../appliance/intake/header.ts'

const KEYS = deriveSiteKeys(new Uint8Array(32).fill(7))
const deidentifier = new Deidentifier({ keys: KEYS, profile: { patientIssuer: '' } })
const verifier = new EgressVerifier()
const NAMING = {
  studyPseudonym: (uid: string) => pseudonymOfStudy(KEYS, uid),
  patientPseudonym: () => '0'.repeat(32),
}
/** As the pixel workers have it, only less, so that a case is no test of the machine's memory. */
const DECODE_LIMITS = { maximumBytes: 128 * 1024 ** 2 }
const HEAD_BYTES = 65_536

/** How far an object came. */
export type Reached = 'unreadable' | 'quarantined' | 'not-decodable' | 'decoded'

/**
 * Does to an object, in this process, what the appliance does to it between the network and a model: header, cleaning,
 * verification, decoding.
 * @throws for anything but the coded failures with which each step may answer: that is a finding.
 */
export async function examineObject(
  file: Buffer,
  dataSet: Buffer,
  about: { readonly transferSyntaxUid: string; readonly sopInstanceUid: string },
): Promise<Reached> {
  readHeader(dataSet.subarray(0, HEAD_BYTES), { ...about, whole: dataSet.length <= HEAD_BYTES }, NAMING)
  readHeader(dataSet, { ...about, whole: true }, NAMING)
  const cleaned = deidentifier.deidentify(file)
  if (cleaned.kind === 'deidentified') {
    // The gate answers both with quarantine.
    await only(DataSetError, () => verifier.verifyObject(cleaned.chunks, identifiersOf(file)))
  }
  const source = cleaned.kind === 'deidentified' ? Buffer.concat(cleaned.chunks) : file
  const parsed = await only(DataSetError, () => parsePart10(source))
  if (parsed === undefined) return 'unreadable'
  instanceFacts(parsed.dataSet)
  const decoded = await only(DecodeError, () =>
    decodeFrames(parsed.dataSet, parsed.meta.transferSyntaxUid, DECODE_LIMITS),
  )
  if (cleaned.kind === 'quarantined') return 'quarantined'
  return decoded === undefined ? 'not-decodable' : 'decoded'
}

async function only<Answer>(
  expected: abstract new (...args: never[]) => Error,
  work: () => Answer | Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof expected) return undefined
    throw cause
  }
}
