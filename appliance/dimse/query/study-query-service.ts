import { bytesElement, type DataSet, dataSetOf, text, textElement, type Vr } from '../../imaging/dataset/index.ts'
import { STATUS } from '../message/commands.ts'
import type { AssociationFacts, MessageRefusal, QueryLevel, QueryMatch, QueryService, StudyQuery } from '../ports.ts'
import type { HeldInstance, HeldSeries, HeldStudy, StudyFinder } from './held.ts'
import { KEY } from './identifiers.ts'
import { type KeyKind, matches } from './matching.ts'

/** What is looked at for one query. Beyond it the caller is told to narrow the query (A700H). */
export const MAX_LOOKED_AT = 5000

/** A key that is supported: how it is matched and where its value comes from. */
interface SupportedKey {
  readonly vr: Vr
  readonly kind: KeyKind
  readonly valueOf: (held: Held) => string
}

interface Held {
  readonly study: HeldStudy
  readonly series?: HeldSeries
  readonly instance?: HeldInstance
}

const STUDY_KEYS: readonly (readonly [number, SupportedKey])[] = [
  [KEY.studyInstanceUid, { vr: 'UI', kind: 'uid', valueOf: ({ study }) => study.studyInstanceUid }],
  [KEY.studyDate, { vr: 'DA', kind: 'date', valueOf: ({ study }) => study.studyDate }],
  [KEY.studyTime, { vr: 'TM', kind: 'time', valueOf: ({ study }) => study.studyTime }],
  [KEY.accessionNumber, { vr: 'SH', kind: 'text', valueOf: ({ study }) => study.accessionNumber }],
  [KEY.patientName, { vr: 'PN', kind: 'name', valueOf: ({ study }) => study.patientName }],
  [KEY.patientId, { vr: 'LO', kind: 'text', valueOf: ({ study }) => study.patientId }],
  [KEY.patientBirthDate, { vr: 'DA', kind: 'date', valueOf: ({ study }) => study.patientBirthDate }],
  [KEY.patientSex, { vr: 'CS', kind: 'code', valueOf: ({ study }) => study.patientSex }],
  [KEY.studyDescription, { vr: 'LO', kind: 'text', valueOf: ({ study }) => study.studyDescription }],
  [KEY.modalitiesInStudy, { vr: 'CS', kind: 'code', valueOf: ({ study }) => study.modalities }],
]
const SERIES_KEYS: readonly (readonly [number, SupportedKey])[] = [
  [KEY.seriesInstanceUid, { vr: 'UI', kind: 'uid', valueOf: ({ series }) => series?.seriesInstanceUid ?? '' }],
  [KEY.modality, { vr: 'CS', kind: 'code', valueOf: ({ series }) => series?.modality ?? '' }],
]
const IMAGE_KEYS: readonly (readonly [number, SupportedKey])[] = [
  [KEY.sopInstanceUid, { vr: 'UI', kind: 'uid', valueOf: ({ instance }) => instance?.sopInstanceUid ?? '' }],
  [KEY.sopClassUid, { vr: 'UI', kind: 'uid', valueOf: ({ instance }) => instance?.sopClassUid ?? '' }],
]
/** Counts are returned and never matched on. */
const COUNTS: Readonly<Record<QueryLevel, readonly (readonly [number, (held: Held) => number | undefined])[]>> = {
  STUDY: [[KEY.studyRelatedInstances, ({ study }) => study.instances]],
  SERIES: [[KEY.seriesRelatedInstances, ({ series }) => series?.instances]],
  IMAGE: [],
}

/** Keys that are supported at each level, those of the levels above included: also for the conformance statement. */
export const SUPPORTED_KEYS: Readonly<Record<QueryLevel, ReadonlyMap<number, SupportedKey>>> = {
  STUDY: new Map(STUDY_KEYS),
  SERIES: new Map([...SERIES_KEYS, ...STUDY_KEYS]),
  IMAGE: new Map([...IMAGE_KEYS, ...SERIES_KEYS, ...STUDY_KEYS]),
}
/** Counts that are returned at each level. */
export const RETURNED_COUNTS: Readonly<Record<QueryLevel, readonly number[]>> = {
  STUDY: COUNTS.STUDY.map(([tag]) => tag),
  SERIES: COUNTS.SERIES.map(([tag]) => tag),
  IMAGE: [],
}

/** Not keys: what the identifier says about itself (PS3.4 C.4.1.1.3). */
const STRUCTURAL: ReadonlySet<number> = new Set([KEY.queryRetrieveLevel, KEY.specificCharacterSet, 0x00080201])

/** C-FIND SCP over what is held, study root, hierarchical (PS3.4 C.6.2). */
export class StudyQueryService implements QueryService {
  readonly #finder: StudyFinder
  readonly #mayQuery: (caller: AssociationFacts) => boolean

  /** @param mayQuery who may see names: a modality that may send need not be one that may ask. */
  constructor(finder: StudyFinder, mayQuery: (caller: AssociationFacts) => boolean) {
    this.#finder = finder
    this.#mayQuery = mayQuery
  }

  *find({ association, identifier }: StudyQuery): Generator<QueryMatch> {
    if (!this.#mayQuery(association)) {
      yield refused(STATUS.notAuthorized, 'this caller may not query')
      return
    }
    const level = text(identifier, KEY.queryRetrieveLevel)
    if (level !== 'STUDY' && level !== 'SERIES' && level !== 'IMAGE') {
      yield refused(STATUS.dataSetDoesNotMatchSopClass, 'Query/Retrieve Level is not one of the study root')
      return
    }
    const supported = SUPPORTED_KEYS[level]
    const wanted = [...supported].flatMap(([tag, key]) => {
      const value = identifier.elements.has(tag) ? (text(identifier, tag) ?? '') : undefined
      return value === undefined ? [] : [{ tag, key, value }]
    })
    const parents: readonly number[] =
      level === 'STUDY'
        ? []
        : level === 'SERIES'
          ? [KEY.studyInstanceUid]
          : [KEY.studyInstanceUid, KEY.seriesInstanceUid]
    // PS3.4 C.4.1.2.1, hierarchical search: the unique key of each level above, as a single value.
    if (!parents.every((tag) => isSingleUid(text(identifier, tag)))) {
      yield refused(STATUS.dataSetDoesNotMatchSopClass, 'a unique key of a higher level is missing')
      return
    }
    const counts = COUNTS[level]
    const known = new Set([...supported.keys(), ...counts.map(([tag]) => tag), ...STRUCTURAL])
    const unsupported = [...identifier.elements.keys()].some((tag) => !known.has(tag))
    const { held, all } = this.#lookAt(level, identifier)
    for (const one of held) {
      if (!wanted.every(({ key, value }) => matchesAny(key, value, key.valueOf(one)))) continue
      const elements = wanted.map(({ tag, key }) => bytesElement(tag, key.vr, Buffer.from(key.valueOf(one), 'utf8')))
      for (const [tag, count] of counts)
        if (identifier.elements.has(tag)) elements.push(textElement(tag, 'IS', String(count(one) ?? '')))
      elements.push(textElement(KEY.queryRetrieveLevel, 'CS', level))
      if (!wanted.every(({ key }) => /^[\x20-\x7e]*$/.test(key.valueOf(one))))
        elements.push(textElement(KEY.specificCharacterSet, 'CS', 'ISO_IR 192'))
      yield { kind: 'match', identifier: dataSetOf(elements), optionalKeysIgnored: unsupported }
    }
    if (!all) yield refused(STATUS.outOfResources, 'more than can be looked at; narrow the query')
  }

  #lookAt(level: QueryLevel, identifier: DataSet): { readonly held: readonly Held[]; readonly all: boolean } {
    const uids = text(identifier, KEY.studyInstanceUid)
    const patientId = text(identifier, KEY.patientId)
    const studies = this.#finder.studies(
      {
        ...(uids === undefined || /[*?]/.test(uids)
          ? {}
          : { studyInstanceUids: uids.split('\\').map((uid) => uid.trim()) }),
        ...(patientId === undefined || /[*?\\]/.test(patientId) ? {} : { patientId }),
      },
      MAX_LOOKED_AT,
    )
    if (level === 'STUDY') return { held: studies.map((study) => ({ study })), all: studies.length < MAX_LOOKED_AT }
    const [study] = studies
    if (study === undefined) return { held: [], all: true }
    const series = this.#finder.series(study.studyInstanceUid, MAX_LOOKED_AT)
    if (level === 'SERIES')
      return { held: series.map((one) => ({ study, series: one })), all: series.length < MAX_LOOKED_AT }
    const wanted = series.find(({ seriesInstanceUid }) => seriesInstanceUid === text(identifier, KEY.seriesInstanceUid))
    if (wanted === undefined) return { held: [], all: true }
    const found = this.#finder.instances(study.studyInstanceUid, wanted.seriesInstanceUid, MAX_LOOKED_AT)
    return {
      held: found.map((instance) => ({ study, series: wanted, instance })),
      all: found.length < MAX_LOOKED_AT,
    }
  }
}

/** An attribute with several values matches when one of them does (PS3.4 C.2.2.2); so does a key with several codes. */
function matchesAny({ kind }: SupportedKey, wanted: string, actual: string): boolean {
  if (kind !== 'code') return matches(kind, wanted, actual)
  return wanted.split('\\').some((key) => actual.split('\\').some((value) => matches(kind, key, value)))
}

function isSingleUid(value: string | undefined): boolean {
  return value !== undefined && /^[0-9.]{1,64}$/.test(value)
}

function refused(status: number, comment: string): MessageRefusal {
  return { kind: 'refused', status, comment }
}
