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
import type { ActionCode, CleaningContext } from './clean-context.ts'
import { cleanDataSet, UTF_8 } from './cleaner.ts'
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
import { methodsOf, type OptionSet, type PixelOption, temporalMark } from './options.ts'
import type { DeidentifiedFacts, DeidentifyOutcome, DeidentifyReason, QuarantinedObject } from './outcome.ts'
import { patientOf, type SurvivingPatient } from './patient.ts'
import { pixelRiskOf } from './pixel-risk.ts'
import { type DeidentifyProfile, type RuleBook, ruleBookOf } from './rule-book.ts'
import { PROFILE_EDITION } from './table/index.ts'
import { codedEntry, dummyPatientName, hasValidSyntax } from './values.ts'

interface SealedObject {
  readonly kind: 'sealed'
  readonly facts: DeidentifiedFacts
  readonly output: DataSet
}

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
  /** Of the original; nothing that leaves the zone may hold one. */
  readonly identifiers: StudyIdentifiers
  /** Those of them that the object itself may not hold: an option can keep some in it (PS3.15 E.3.8, E.3.9, E.3.11). */
  readonly mayNotStay: StudyIdentifiers
  readonly sopClassUid: string
  readonly patient: PatientIdentity
  readonly facts: Omit<DeidentifiedFacts, 'acquisition'>
}

/** An object with everything that is known of it, for the caller who goes on to verify and score it. */
export interface ProcessedObject {
  readonly outcome: Extract<DeidentifyOutcome, { kind: 'deidentified' }>
  /** PHI: of the original. */
  readonly identifiers: StudyIdentifiers
  /** PHI: those that the object may not hold. */
  readonly mayNotStay: StudyIdentifiers
  /** PHI: the original. */
  readonly original: DataSet
}

/** Applies the PS3.15 Basic Application Level Confidentiality Profile to one object at a time. */
export class Deidentifier {
  readonly #keys: SiteKeys
  readonly #profile: DeidentifyProfile
  readonly #book: RuleBook
  readonly #survivorOf: (studyInstanceUid: string) => SurvivingPatient | undefined
  readonly #uidCache = new Map<string, string>()

  /**
   * `survivorOf` names the patient under whom a study goes since a merge; without it nobody was ever merged.
   * @throws RangeError for options that contradict each other.
   */
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
    this.#book = ruleBookOf(profile)
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
    const { dataSet, identifiers, mayNotStay, original, sopClassUid } = object
    const { transferSyntaxUid, sopInstanceUid } = object.facts
    trimNativePixels(dataSet)
    if (!stripPixelComments(dataSet, transferSyntaxUid)) return quarantined('jpeg-header-unreadable')
    const sealed = this.sealed(object)
    if (sealed.kind === 'quarantined') return sealed
    const chunks = written(sealed.output, sopClassUid, sopInstanceUid, transferSyntaxUid)
    if (chunks === undefined) return quarantined('object-unwritable')
    return { outcome: { kind: 'deidentified', chunks, ...sealed.facts }, identifiers, mayNotStay, original }
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

  /**
   * The second half, when the pixels of `object` are settled: the facts, and the data set to write.
   * @param pixels options that the caller has applied to the pixels; the object says so (PS3.15 E.3.1, E.3.2).
   */
  sealed(
    { original, dataSet, sopClassUid, patient, facts }: CleanedObject,
    pixels: readonly PixelOption[] = [],
  ): SealedObject | QuarantinedObject {
    const acquisition = acquisitionFactsOf(original, dateOffsetDays(this.#keys, patient))
    if (acquisition === undefined) return quarantined('date-missing')
    const pseudonym = pseudonymOfPatient(this.#keys, patient)
    const output = withMarks(dataSet, sopClassUid, facts.sopInstanceUid, pseudonym, this.#book.options, pixels)
    return { kind: 'sealed', facts: { ...facts, acquisition }, output }
  }

  #cleanParsed({ dataSet, meta }: Part10File): CleanedObject | QuarantinedObject {
    const sopClassUid = uid(dataSet, 0x00080016) ?? meta.mediaStorageSopClassUid
    const sopInstanceUid = uid(dataSet, 0x00080018) ?? meta.mediaStorageSopInstanceUid
    const studyInstanceUid = uid(dataSet, 0x0020000d)
    if (sopClassUid === '') return quarantined('sop-class-missing')
    const { options } = this.#book
    const refused = refusedClass(sopClassUid, options)
    if (refused !== undefined) return quarantined(refused)
    const keepsUids = options.has('retain-uids')
    if (sopInstanceUid === '' || (keepsUids && !hasValidSyntax('UI', [sopInstanceUid])))
      return quarantined('instance-uid-missing')
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
    const mayNotStay = this.#book.mayNotStay(dataSet, identifiers)
    const actions = new Map<ActionCode, number>()
    const attributes = { removed: new Set<number>(), changed: new Set<number>() }
    const cleaned = cleanDataSet(dataSet, {
      keys: this.#keys,
      patient,
      offsetDays: dateOffsetDays(this.#keys, patient),
      sopClassUid,
      ...this.#book.contextFor(dataSet, mayNotStay),
      uidCache: this.#freshCache(),
      actions,
      attributes,
    } satisfies CleaningContext)
    const facts = {
      transferSyntaxUid,
      sopInstanceUid: keepsUids ? sopInstanceUid : pseudonymOfUid(this.#keys, sopInstanceUid),
      studyPseudonym: pseudonymOfStudy(this.#keys, studyInstanceUid),
      patientPseudonym: pseudonymOfPatient(this.#keys, patient),
      pixelRisk: pixelRiskOf(dataSet, sopClassUid),
      report: {
        actions: Object.fromEntries(actions),
        removed: [...attributes.removed].sort((a, b) => a - b),
        changed: [...attributes.changed].sort((a, b) => a - b),
      },
    }
    return {
      kind: 'cleaned',
      original: dataSet,
      dataSet: cleaned,
      identifiers,
      mayNotStay,
      sopClassUid,
      patient,
      facts,
    }
  }

  /** The cache only saves work; a result never depends on what it holds. */
  #freshCache(): Map<string, string> {
    if (this.#uidCache.size > UID_CACHE_ENTRIES) this.#uidCache.clear()
    return this.#uidCache
  }
}

/** SOP classes that are a file within the file, or, without the option that cleans it, free text. */
function refusedClass(sopClassUid: string, options: OptionSet): DeidentifyReason | undefined {
  if (sopClassUid.startsWith('1.2.840.10008.5.1.4.1.1.104.')) return 'encapsulated-document'
  const isReport = sopClassUid.startsWith('1.2.840.10008.5.1.4.1.1.88.')
  if (isReport && !options.has('clean-structured-content')) return 'structured-report'
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
  options: OptionSet,
  pixels: readonly PixelOption[],
): DataSet {
  const methods = methodsOf(options, pixels).map(([code, meaning]) => dataSetOf(codedEntry(code, 'DCM', meaning)))
  const marks: Element[] = [
    textElement(0x00080005, 'CS', UTF_8),
    textElement(0x00080016, 'UI', sopClassUid),
    textElement(0x00080018, 'UI', sopInstanceUid),
    textElement(0x00100010, 'PN', dummyPatientName(patientPseudonym)),
    textElement(0x00100020, 'LO', patientPseudonym),
    textElement(0x00120062, 'CS', 'YES'),
    textElement(0x00120063, 'LO', `PS3.15 ${PROFILE_EDITION} table E.1-1`),
    sequenceElement(0x00120064, methods),
    textElement(0x00280303, 'CS', temporalMark(options)),
    ...(pixels.includes('clean-pixel-data') ? [textElement(0x00280301, 'CS', 'NO')] : []),
    ...(pixels.includes('clean-recognizable-visual-features') ? [textElement(0x00280302, 'CS', 'NO')] : []),
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
