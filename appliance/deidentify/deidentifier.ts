import type { PatientPseudonym } from '@leadglass/sync-agent/contract'
import {
  type DataSet,
  DataSetError,
  dataSetOf,
  type Element,
  EXPLICIT_LITTLE,
  type Part10File,
  parsePart10,
  sequenceElement,
  textElement,
  transferSyntaxOf,
  uid,
  writePart10,
} from '../imaging/dataset/index.ts'
import { acquisitionFactsOf } from './acquisition.ts'
import { type ActionCode, type CleaningContext, cleanDataSet, UTF_8 } from './cleaner.ts'
import { identifierCount, identifiersIn, MOST_IDENTIFIERS, type StudyIdentifiers } from './identifiers.ts'
import { isJpegSyntax, withoutMarkers } from './jpeg-markers.ts'
import {
  dateOffsetDays,
  type PatientIdentity,
  pseudonymOfPatient,
  pseudonymOfStudy,
  pseudonymOfUid,
  type SiteKeys,
} from './keys.ts'
import { trimNativePixels } from './native-pixels.ts'
import type { DeidentifiedFacts, DeidentifyOutcome, DeidentifyReason, QuarantinedObject } from './outcome.ts'
import { patientOf, type SurvivingPatient } from './patient.ts'
import { pixelRiskOf } from './pixel-risk.ts'
import { PROFILE_EDITION } from './table/index.ts'
import { TokenMatcher } from './token-matcher.ts'
import { codedEntry, dummyPatientName } from './values.ts'

interface SealedObject {
  readonly kind: 'sealed'
  readonly facts: DeidentifiedFacts
  readonly output: DataSet
}

/** What a site decides about the profile. Its options are fixed: Modified Dates and Patient Characteristics. */
export interface DeidentifyProfile {
  /** Issuer of Patient ID for objects that name none; '' where the site has one number range only. */
  readonly patientIssuer: string
}

/** CID 7050: the profile and the options that are applied, in the order of their codes. */
export const APPLIED_METHODS: readonly (readonly [string, string])[] = [
  ['113100', 'Basic Application Confidentiality Profile'],
  ['113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
  ['113108', 'Retain Patient Characteristics Option'],
]

const UID_CACHE_ENTRIES = 10_000
const PIXEL_DATA = 0x7fe00010

/** Extended Offset Table and its lengths: 64-bit offsets that stand for one fragment per frame (PS3.5 A.4). */
export const EXTENDED_OFFSETS: readonly number[] = [0x7fe00001, 0x7fe00002]

/** An object whose elements are cleaned and whose pixel data is not looked at yet. */
export interface CleanedObject {
  readonly kind: 'cleaned'
  readonly original: DataSet
  /** To be changed until `sealed`. */
  readonly dataSet: DataSet
  readonly identifiers: StudyIdentifiers
  readonly sopClassUid: string
  readonly patient: PatientIdentity
  readonly facts: Omit<DeidentifiedFacts, 'acquisition'>
}

/** An object with everything that is known of it, for the caller who goes on to verify and score it. */
export interface ProcessedObject {
  readonly outcome: Extract<DeidentifyOutcome, { kind: 'deidentified' }>
  /** PHI: of the original. */
  readonly identifiers: StudyIdentifiers
  /** PHI: the original. */
  readonly original: DataSet
}

/** Applies the PS3.15 Basic Application Level Confidentiality Profile to one object at a time. */
export class Deidentifier {
  readonly #keys: SiteKeys
  readonly #profile: DeidentifyProfile
  readonly #survivorOf: (studyInstanceUid: string) => SurvivingPatient | undefined
  readonly #uidCache = new Map<string, string>()

  /** `survivorOf` names the patient under whom a study goes since a merge; without it nobody was ever merged. */
  constructor({
    keys,
    profile,
    survivorOf,
  }: {
    keys: SiteKeys
    profile: DeidentifyProfile
    survivorOf?: (studyInstanceUid: string) => SurvivingPatient | undefined
  }) {
    this.#keys = keys
    this.#profile = profile
    this.#survivorOf = survivorOf ?? (() => undefined)
  }

  /** Never throws for what an object holds: it is cleaned, or quarantined with a reason. */
  deidentify(file: Uint8Array): DeidentifyOutcome {
    const result = this.process(file)
    return 'outcome' in result ? result.outcome : result
  }

  /** `deidentify` with the identifiers that the verifier is to look for; the object is parsed once. */
  process(file: Uint8Array): ProcessedObject | QuarantinedObject {
    const object = this.clean(() => parsePart10(file))
    if (object.kind === 'quarantined') return object
    const { dataSet, identifiers, original, sopClassUid } = object
    const { transferSyntaxUid, sopInstanceUid } = object.facts
    trimNativePixels(dataSet)
    if (!stripPixelComments(dataSet, transferSyntaxUid)) return quarantined('jpeg-header-unreadable')
    const sealed = this.sealed(object)
    if (sealed.kind === 'quarantined') return sealed
    const chunks = written(sealed.output, sopClassUid, sopInstanceUid, transferSyntaxUid)
    if (chunks === undefined) return quarantined('object-unwritable')
    return { outcome: { kind: 'deidentified', chunks, ...sealed.facts }, identifiers, original }
  }

  /** The first half: every element but the pixels. @param parse reads the object, or its skeleton. */
  clean(parse: () => Part10File): CleanedObject | QuarantinedObject {
    let parsed: Part10File
    try {
      parsed = parse()
    } catch (error) {
      if (error instanceof DataSetError) return quarantined('object-unreadable')
      throw error
    }
    return parsed.truncated ? quarantined('object-truncated') : this.#cleanParsed(parsed)
  }

  /** The second half, when the pixels of `object` are settled: the facts, and the data set to write. */
  sealed({ original, dataSet, sopClassUid, patient, facts }: CleanedObject): SealedObject | QuarantinedObject {
    const acquisition = acquisitionFactsOf(original, dataSet)
    if (acquisition === undefined) return quarantined('date-missing')
    const output = withMarks(dataSet, sopClassUid, facts.sopInstanceUid, pseudonymOfPatient(this.#keys, patient))
    return { kind: 'sealed', facts: { ...facts, acquisition }, output }
  }

  #cleanParsed({ dataSet, meta }: Part10File): CleanedObject | QuarantinedObject {
    const sopClassUid = uid(dataSet, 0x00080016) ?? meta.mediaStorageSopClassUid
    const sopInstanceUid = uid(dataSet, 0x00080018) ?? meta.mediaStorageSopInstanceUid
    const studyInstanceUid = uid(dataSet, 0x0020000d)
    if (sopClassUid === '') return quarantined('sop-class-missing')
    const refused = refusedClass(sopClassUid)
    if (refused !== undefined) return quarantined(refused)
    if (sopInstanceUid === '') return quarantined('instance-uid-missing')
    if (studyInstanceUid === undefined) return quarantined('study-uid-missing')
    const patient = patientOf(
      dataSet,
      studyInstanceUid,
      this.#profile.patientIssuer,
      this.#survivorOf(studyInstanceUid),
    )
    if (patient === undefined) return quarantined('study-uid-missing')
    const transferSyntaxUid = outputSyntax(dataSet, meta.transferSyntaxUid)
    if (transferSyntaxUid === undefined) return quarantined('transfer-syntax-contradicted')

    const identifiers = identifiersIn(dataSet)
    if (identifierCount(identifiers) > MOST_IDENTIFIERS) return quarantined('too-many-identifiers')
    const actions = new Map<ActionCode, number>()
    const cleaned = cleanDataSet(dataSet, {
      keys: this.#keys,
      patient,
      offsetDays: dateOffsetDays(this.#keys, patient),
      sopClassUid,
      identifiers: new TokenMatcher(identifiers),
      uidCache: this.#freshCache(),
      actions,
    } satisfies CleaningContext)
    const facts = {
      transferSyntaxUid,
      sopInstanceUid: pseudonymOfUid(this.#keys, sopInstanceUid),
      studyPseudonym: pseudonymOfStudy(this.#keys, studyInstanceUid),
      patientPseudonym: pseudonymOfPatient(this.#keys, patient),
      pixelRisk: pixelRiskOf(dataSet, sopClassUid),
      report: { actions: Object.fromEntries(actions) },
    }
    return { kind: 'cleaned', original: dataSet, dataSet: cleaned, identifiers, sopClassUid, patient, facts }
  }

  /** The cache only saves work; a result never depends on what it holds. */
  #freshCache(): Map<string, string> {
    if (this.#uidCache.size > UID_CACHE_ENTRIES) this.#uidCache.clear()
    return this.#uidCache
  }
}

/** SOP classes whose content is free text or a file within the file. */
function refusedClass(sopClassUid: string): DeidentifyReason | undefined {
  if (sopClassUid.startsWith('1.2.840.10008.5.1.4.1.1.104.')) return 'encapsulated-document'
  if (sopClassUid.startsWith('1.2.840.10008.5.1.4.1.1.88.')) return 'structured-report'
  return sopClassUid === '1.2.840.10008.1.3.10' ? 'media-directory' : undefined
}

/**
 * Native objects are written in Explicit VR Little Endian, so that the verifier reads plain bytes; compressed ones keep
 * their syntax. @returns `undefined` when the pixel data's form contradicts the syntax.
 */
function outputSyntax(dataSet: DataSet, declared: string): string | undefined {
  const encapsulated = dataSet.elements.get(PIXEL_DATA)?.value.kind === 'fragments'
  const syntax = transferSyntaxOf(declared)
  if (!encapsulated) {
    const native = syntax === undefined || !syntax.encapsulated || !dataSet.elements.has(PIXEL_DATA)
    return native ? EXPLICIT_LITTLE : undefined
  }
  return syntax === undefined || syntax.encapsulated ? declared : undefined
}

/** Takes comments out of frames of the JPEG family, in place in the cleaned data set. False when a frame cannot be followed. */
function stripPixelComments(cleaned: DataSet, transferSyntaxUid: string): boolean {
  const element = cleaned.elements.get(PIXEL_DATA)
  if (element?.value.kind !== 'fragments' || !isJpegSyntax(transferSyntaxUid)) return true
  const stripped = withoutMarkers(element.value, transferSyntaxUid)
  if (stripped === undefined) return false
  if (stripped === element.value) return true
  cleaned.elements.set(PIXEL_DATA, { ...element, value: stripped })
  // Without the table the fragments say the same.
  for (const tag of EXTENDED_OFFSETS) cleaned.elements.delete(tag)
  return true
}

/** The statements that PS3.15 E.1.1 step 6 and E.3.6 ask for, and the identity of the new object. */
function withMarks(
  cleaned: DataSet,
  sopClassUid: string,
  sopInstanceUid: string,
  patientPseudonym: PatientPseudonym,
): DataSet {
  const methods = APPLIED_METHODS.map(([code, meaning]) => dataSetOf(codedEntry(code, 'DCM', meaning)))
  const marks: Element[] = [
    textElement(0x00080005, 'CS', UTF_8),
    textElement(0x00080016, 'UI', sopClassUid),
    textElement(0x00080018, 'UI', sopInstanceUid),
    textElement(0x00100010, 'PN', dummyPatientName(patientPseudonym)),
    textElement(0x00100020, 'LO', patientPseudonym),
    textElement(0x00120062, 'CS', 'YES'),
    textElement(0x00120063, 'LO', `PS3.15 ${PROFILE_EDITION} table E.1-1`),
    sequenceElement(0x00120064, methods),
    textElement(0x00280303, 'CS', 'MODIFIED'),
  ]
  const elements = new Map(cleaned.elements)
  for (const mark of marks) elements.set(mark.tag, mark)
  return dataSetOf(elements.values(), cleaned.characterSets)
}

function written(
  dataSet: DataSet,
  mediaStorageSopClassUid: string,
  mediaStorageSopInstanceUid: string,
  transferSyntaxUid: string,
): Buffer[] | undefined {
  try {
    return writePart10({ meta: { mediaStorageSopClassUid, mediaStorageSopInstanceUid, transferSyntaxUid }, dataSet })
  } catch (error) {
    if (error instanceof DataSetError) return undefined
    throw error
  }
}

function quarantined(reason: DeidentifyReason): QuarantinedObject {
  return { kind: 'quarantined', reason }
}
