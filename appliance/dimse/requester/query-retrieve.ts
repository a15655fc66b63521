import type { Logger, Randomness } from '@leadglass/sync-agent/foundation'
import { type DataSet, integer, uid } from '../../imaging/dataset/index.ts'
import { DECODABLE_TRANSFER_SYNTAXES } from '../../imaging/decode/transfer-syntaxes.ts'
import { DimseError } from '../errors.ts'
import { STORAGE_SOP_CLASSES } from '../facts/storage-sop-classes.ts'
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  STUDY_ROOT,
} from '../facts/uids.ts'
import type { AssociationFacts, QueryLevel, StorageService } from '../ports.ts'
import { identifierOf, KEY, type QueryKeys } from '../query/identifiers.ts'
import { uuid } from '../uuid.ts'
import type { RequestedAssociation } from './association.ts'
import { type FindBounds, type FindEnd, findOn } from './find.ts'
import { type AssociationOptions, type ContextProposal, type Destination, MAX_CONTEXTS } from './options.ts'
import { type RetrieveOptions, type RetrieveOutcome, retrieveOn } from './retrieve.ts'
import { serveSubOperations } from './sub-operations.ts'

/** Opens an association: `AssociationRequester.requestAssociation`. */
export type OpenAssociation = (options: AssociationOptions) => Promise<RequestedAssociation>

/** Bounds and contexts of a C-GET. */
export interface GetOptions extends RetrieveOptions {
  /** Storage SOP classes to offer, at most 63; without it those of common images and reports. */
  readonly sopClasses?: readonly string[]
  /** Instances that are taken; 5000 unless told. */
  readonly maxInstances?: number
  /** Bytes of one instance; 2 GiB unless told. */
  readonly maxInstanceBytes?: number
}

/** How many instances a study has, and how the peer told. */
export type StudyInstanceCount =
  | { readonly kind: 'counted'; readonly instances: number; readonly by: 'study' | 'series' | 'image' }
  | { readonly kind: 'unknown-study' }
  /** The peer answers on no level, or with more than can be counted within bounds. */
  | { readonly kind: 'not-told' }

const MESSAGE_SYNTAXES = [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN]
const COMPRESSED = DECODABLE_TRANSFER_SYNTAXES.filter(
  (uid) => ![EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN].includes(uid),
)
/** One context for the retrieval, two for each class: what is compressed comes as it is, everything else plain. */
const MAX_CLASSES = (MAX_CONTEXTS - 1) >> 1
/**
 * Classes that a peer is asked for unless told: images and reports in daily use. Not all there are, because an
 * association request of 90 kilobytes is more than some peers read.
 */
export const DEFAULT_GET_CLASSES = STORAGE_SOP_CLASSES.map(([uid]) => uid).filter((uid) =>
  /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(1|1\.[123]|1\.[12]\.1|2|2\.1|3\.1|4|4\.1|6\.1|7|7\.[1234]|11\.[12]|12\.[12]|20|30|66\.4|88\.(11|22|33|34|50|59|65|67)|104\.1|128|130)$/.test(
    uid,
  ),
)

const MAX_INSTANCES = 5000
const MAX_INSTANCE_BYTES = 2 ** 31
/** A peer may fetch from tape before it sends the first instance, in milliseconds. */
const RETRIEVE_TIMEOUT_MS = 300_000
const MAX_COUNTED = 20_000

/** C-FIND at a peer on an association of its own: see `AssociationRequester.find`. */
export async function* findAt(
  open: OpenAssociation,
  destination: Destination,
  level: QueryLevel,
  keys: QueryKeys,
  bounds: FindBounds,
): AsyncGenerator<DataSet, FindEnd, void> {
  const identifier = identifierOf(level, keys)
  const association = await open({
    ...destination,
    presentationContexts: [{ abstractSyntax: STUDY_ROOT.find, transferSyntaxes: MESSAGE_SYNTAXES }],
  })
  try {
    return yield* findOn(association, STUDY_ROOT.find, identifier, bounds)
  } finally {
    await association.release()
  }
}

/** C-MOVE at a peer: see `AssociationRequester.move`. */
export async function moveAt(
  open: OpenAssociation,
  destination: Destination,
  level: QueryLevel,
  keys: QueryKeys,
  moveDestination: string,
  options: RetrieveOptions,
): Promise<RetrieveOutcome> {
  const association = await open({
    ...patient(destination),
    presentationContexts: [{ abstractSyntax: STUDY_ROOT.move, transferSyntaxes: MESSAGE_SYNTAXES }],
  })
  try {
    return await retrieveOn(association, STUDY_ROOT.move, identifierOf(level, keys), moveDestination, options)
  } finally {
    await association.release()
  }
}

/** C-GET at a peer: see `AssociationRequester.get`. */
export async function getAt(
  open: OpenAssociation,
  parts: { readonly logger: Logger; readonly randomness: Randomness },
  destination: Destination,
  level: QueryLevel,
  keys: QueryKeys,
  storage: StorageService,
  options: GetOptions,
): Promise<RetrieveOutcome> {
  const classes = options.sopClasses ?? DEFAULT_GET_CLASSES
  if (classes.length === 0 || classes.length > MAX_CLASSES)
    throw new DimseError('invalid-argument', `a C-GET offers 1 to ${MAX_CLASSES} storage SOP classes`)
  const association = await open({
    ...patient(destination),
    presentationContexts: [
      { abstractSyntax: STUDY_ROOT.get, transferSyntaxes: MESSAGE_SYNTAXES },
      ...classes.flatMap((abstractSyntax): ContextProposal[] => [
        { abstractSyntax, transferSyntaxes: MESSAGE_SYNTAXES },
        { abstractSyntax, transferSyntaxes: COMPRESSED },
      ]),
    ],
    // PS3.7 D.3.3.4: the peer is the SCU of the sub-operations, so we are SCP.
    roles: classes.map((sopClassUid) => ({ sopClassUid, scu: false, scp: true })),
  })
  const source = sourceFacts(destination, uuid(parts.randomness))
  const counts = serveSubOperations(association, {
    storage,
    source,
    maxInstanceBytes: options.maxInstanceBytes ?? MAX_INSTANCE_BYTES,
    maxInstances: options.maxInstances ?? MAX_INSTANCES,
    report: (error) =>
      parts.logger.error('dimse.storage.failed', { reason: error instanceof Error ? error.name : undefined }),
  })
  storage.associationAccepted(source)
  let whole = false
  try {
    const outcome = await retrieveOn(association, STUDY_ROOT.get, identifierOf(level, keys), undefined, options)
    whole = true
    return outcome
  } finally {
    await association.release()
    storage.associationEnded(source, whole ? 'released' : 'connection-lost', { ...counts })
  }
}

/**
 * How many instances a peer has of a study (0020,1208). Peers need not tell: then the series are asked (0020,1209), and
 * at last the images are counted, as long as there are not too many.
 */
export async function countStudyInstancesAt(
  open: OpenAssociation,
  destination: Destination,
  studyInstanceUid: string,
): Promise<StudyInstanceCount> {
  const association = await open({
    ...destination,
    presentationContexts: [{ abstractSyntax: STUDY_ROOT.find, transferSyntaxes: MESSAGE_SYNTAXES }],
  })
  const ask = (level: QueryLevel, keys: QueryKeys, maximum: number) =>
    all(findOn(association, STUDY_ROOT.find, identifierOf(level, keys), { maximum }))
  const study = { [KEY.studyInstanceUid]: studyInstanceUid }
  try {
    const found = await ask('STUDY', { ...study, [KEY.studyRelatedInstances]: '' }, 2)
    const [first] = found.matches
    if (first === undefined) return { kind: 'unknown-study' }
    const told = integer(first, KEY.studyRelatedInstances)
    if (told !== undefined && told >= 0) return { kind: 'counted', instances: told, by: 'study' }
    const series = await ask(
      'SERIES',
      { ...study, [KEY.seriesInstanceUid]: '', [KEY.seriesRelatedInstances]: '' },
      MAX_COUNTED,
    )
    const counts = series.matches.map((match) => integer(match, KEY.seriesRelatedInstances))
    if (series.end === 'complete' && counts.length > 0 && counts.every((count) => count !== undefined))
      return { kind: 'counted', instances: counts.reduce((sum, count) => sum + count, 0), by: 'series' }
    return await countImages(
      ask,
      study,
      series.matches.map((match) => uidOf(match)),
    )
  } finally {
    await association.release()
  }
}

type Ask = (
  level: QueryLevel,
  keys: QueryKeys,
  maximum: number,
) => Promise<{ readonly matches: DataSet[]; readonly end: FindEnd }>

async function countImages(ask: Ask, study: QueryKeys, series: readonly string[]): Promise<StudyInstanceCount> {
  let instances = 0
  for (const seriesInstanceUid of series) {
    const keys = { ...study, [KEY.seriesInstanceUid]: seriesInstanceUid, [KEY.sopInstanceUid]: '' }
    const images = await ask('IMAGE', keys, MAX_COUNTED - instances)
    if (images.end !== 'complete') return { kind: 'not-told' }
    instances += images.matches.length
  }
  return series.length === 0 ? { kind: 'not-told' } : { kind: 'counted', instances, by: 'image' }
}

async function all(
  matches: AsyncGenerator<DataSet, FindEnd, void>,
): Promise<{ readonly matches: DataSet[]; readonly end: FindEnd }> {
  const found: DataSet[] = []
  for (;;) {
    const next = await matches.next()
    if (next.done === true) return { matches: found, end: next.value }
    found.push(next.value)
  }
}

function uidOf(match: DataSet): string {
  return uid(match, KEY.seriesInstanceUid) ?? ''
}

/** Retrievals are waited for longer than stores, unless the destination says how long. */
function patient(destination: Destination): Destination {
  return { ...destination, timeouts: { responseMs: RETRIEVE_TIMEOUT_MS, ...destination.timeouts } }
}

/** The peer is who the instances come from, so it stands where a sender's title and address stand. */
function sourceFacts(destination: Destination, associationId: string): AssociationFacts {
  return {
    associationId,
    calledAeTitle: destination.callingAeTitle,
    callingAeTitle: destination.calledAeTitle,
    remoteAddress: destination.host,
    remotePort: destination.port,
    implementationClassUid: '',
    implementationVersionName: '',
    tls: destination.tls !== undefined,
    certificateSubject: null,
    certificateSha256: null,
  }
}
