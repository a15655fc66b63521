import {
  type AcceptancePolicy,
  DEFAULT_GET_CLASSES,
  FAILURE_REASON,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  INSTANCE_AVAILABILITY,
  KEY,
  MAX_LOOKED_AT,
  MAX_REFERENCES,
  PROCEDURE_STEP,
  type QueryLevel,
  RETURNED_COUNTS,
  rejectionFor,
  STORAGE_COMMITMENT_PUSH_MODEL,
  STORAGE_SOP_CLASSES,
  STUDY_ROOT,
  SUPPORTED_KEYS,
  TRANSFER_SYNTAXES,
  VERIFICATION,
} from '../dimse/index.ts'
import { attributeOf } from '../imaging/dataset/index.ts'
import { DECODABLE_TRANSFER_SYNTAXES } from '../imaging/decode/transfer-syntaxes.ts'
import { REPORT_SOP_CLASS } from '../results/measurement-report.ts'
import type { ConformanceConfiguration } from './configuration.ts'
import { blocks, list, table, tagText, yesNo } from './markdown.ts'

const PLAIN = 'Explicit VR Little Endian, Implicit VR Little Endian'

/** SOP classes of the services with the role of the appliance in each. */
export function servicesTable({ services, settings }: ConformanceConfiguration): string {
  const rows: [string, string, boolean, boolean][] = [
    ['Verification', VERIFICATION, true, true],
    [`Storage: ${STORAGE_SOP_CLASSES.length} classes (annex A)`, '', false, true],
    ['Storage: Comprehensive 3D SR Storage', REPORT_SOP_CLASS, true, true],
    ['Storage Commitment Push Model', STORAGE_COMMITMENT_PUSH_MODEL, services.commitmentScu, services.commitmentScp],
    ['Study Root Query/Retrieve - FIND', STUDY_ROOT.find, services.queryRetrieveScu, services.queryScp],
    ['Study Root Query/Retrieve - MOVE', STUDY_ROOT.move, services.queryRetrieveScu, false],
    ['Study Root Query/Retrieve - GET', STUDY_ROOT.get, services.queryRetrieveScu, false],
    ['Modality Performed Procedure Step', PROCEDURE_STEP, false, settings.assembly.procedureSteps],
    ['Instance Availability Notification', INSTANCE_AVAILABILITY, false, settings.assembly.availability],
  ]
  return table(
    ['SOP class', 'UID', 'SCU', 'SCP'],
    rows.filter(([, , scu, scp]) => scu || scp).map(([name, uid, scu, scp]) => [name, uid, yesNo(scu), yesNo(scp)]),
  )
}

/** Association policies of both sides (PS3.8, PS3.7 annex D). */
export function associationPolicies({ aeTitle, limits, timeouts, settings }: ConformanceConfiguration): string {
  return blocks(
    table(
      ['policy', 'as acceptor', 'as requester'],
      [
        ['AE title', aeTitle, aeTitle],
        ['Application context', '1.2.840.10008.3.1.1.1', '1.2.840.10008.3.1.1.1'],
        ['Implementation class UID', IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_CLASS_UID],
        ['Implementation version name', IMPLEMENTATION_VERSION_NAME, IMPLEMENTATION_VERSION_NAME],
        ['Maximum PDU received, bytes', limits.maxPduReceived, limits.maxPduReceived],
        [
          'Maximum PDU sent, bytes',
          'what the peer announces, at most 131072',
          'what the peer announces, at most 131072',
        ],
        ['Simultaneous associations', limits.maxAssociations, 'one for each destination and retrieval'],
        [
          'Simultaneous associations of one title at one address',
          settings.limits.maximumAssociationsPerCaller,
          'not applicable',
        ],
        ['Asynchronous operations window', 'one invoked, one performed', 'not proposed'],
        ['ARTIM, seconds', limits.artimTimeoutMs / 1000, timeouts.associationMs / 1000],
        ['Transport connection, seconds', 'not applicable', timeouts.connectMs / 1000],
        ['Without progress, seconds', limits.idleTimeoutMs / 1000, timeouts.responseMs / 1000],
        ['Largest instance, bytes', settings.limits.maximumInstanceBytes, 'not limited'],
        ['Instances of one association', settings.limits.maximumInstancesPerAssociation, 'not limited'],
        ['Bytes of one association', settings.limits.maximumBytesPerAssociation, 'not limited'],
        ['Bytes held altogether', settings.limits.maximumHeldBytes ?? 'not limited', 'not applicable'],
        ['User identity negotiation', 'read and not used', 'not proposed'],
      ],
    ),
    'A caller is accepted when it calls our AE title and the settings name its own title together with its address, and, where its entry names certificates, it shows one of them over TLS. ' +
      (settings.acceptLoopback ? 'Any title may call from the machine itself. ' : '') +
      `The settings name ${settings.callers.length} callers and ${settings.destinations.length} destinations.`,
    'What is rejected, and how (PS3.8 9.3.4):',
    table(
      ['cause', 'result', 'source', 'reason'],
      (
        [
          ['the called AE title is not ours', 'called-ae-title'],
          ['the calling AE title is not named', 'calling-ae-title'],
          ['the address does not belong to the title', 'address'],
          ['the certificate does not belong to the title', 'certificate'],
          ['as many associations as may be are open', 'limit'],
          ['the hard mark is reached, and more than Verification is proposed', 'busy'],
        ] as const
      ).map(([cause, why]) => {
        const { result, source, reason } = rejectionFor(why, why === 'limit' || why === 'busy')
        return [cause, result, source, reason]
      }),
    ),
  )
}

/** All, none, or the UIDs of a list. */
function taken(rule: AcceptancePolicy['privateSopClasses']): string {
  return typeof rule === 'boolean' ? yesNo(rule) : [...rule].join(', ')
}

/** Storage as SCP and SCU (PS3.4 annex B). */
export function storage({ acceptance }: ConformanceConfiguration): string {
  return blocks(
    '**SCP.** Level 2 (full): every attribute is kept. The data set is stored byte for byte in the transfer syntax in ' +
      'which it came; no element is coerced and digital signatures stay valid. Success is answered when the object and ' +
      'its journal entry are on disk.',
    list([
      `Private SOP classes are accepted: ${taken(acceptance.privateSopClasses)}.`,
      `Private and later transfer syntaxes are accepted: ${taken(acceptance.unknownTransferSyntaxes)}.`,
      'Of several proposed transfer syntaxes the first is accepted that is known; Explicit VR Little Endian goes before Implicit VR Little Endian and Explicit VR Big Endian.',
      'The same instance sent twice is stored once and answered with success. Another content under a known SOP Instance UID is kept apart and shown to a person.',
    ]),
    table(
      ['status', 'meaning', 'when'],
      [
        [
          '0000H',
          'success',
          'on disk and in the journal; also for content that cannot be read, which goes to quarantine',
        ],
        ['0117H', 'invalid SOP instance', 'SOP class or instance UID is missing or malformed'],
        ['0122H', 'SOP class not supported', 'another class than that of the presentation context'],
        ['0211H', 'unrecognized operation', 'another operation than those of this statement'],
        [
          'A700H',
          'out of resources',
          'the hard mark is reached, a limit of the instance, the association or the whole is passed, or writing failed',
        ],
        ['A900H', 'data set does not match SOP class', 'the data set is empty'],
      ],
    ),
    `**SCU.** Results are sent as Comprehensive 3D SR (TID 1500) in Implicit VR Little Endian. A warning (Bxxx) counts as ` +
      'accepted; A7xxH and 0110H are tried again; any other failure waits for a person.',
  )
}

/** Storage commitment (PS3.4 annex J), as far as it is wired. */
export function storageCommitment({ services, commitment }: ConformanceConfiguration): string {
  if (!services.commitmentScp && !services.commitmentScu) return 'Not offered.'
  return blocks(
    `Transfer syntaxes: ${PLAIN}.`,
    services.commitmentScp
      ? `**SCP.** A request is on disk before it is accepted, and is kept until its report is delivered, also over a restart. The report goes out ${commitment.reportDelayMs} ms after the request at the earliest: on the association of the request while it is open, else on a new one, for which SCP/SCU role selection proposes the SCP role. It is tried again, later and later, for ${commitment.abandonAfterMs / 86_400_000} days. Requests name at most ${MAX_REFERENCES} instances. Stored objects are not deleted by the appliance, so a commitment has no end.`
      : '',
    services.commitmentScp
      ? table(
          ['failure reason', 'when'],
          [
            [reason(FAILURE_REASON.noSuchObjectInstance), 'the instance is not held'],
            [reason(FAILURE_REASON.classInstanceConflict), 'the instance is held under another SOP class'],
            [reason(FAILURE_REASON.sopClassNotSupported), 'the SOP class is no storage class'],
            [
              reason(FAILURE_REASON.duplicateTransactionUid),
              'the transaction UID is in use by another requester or for another list',
            ],
          ],
        )
      : '',
    services.commitmentScu
      ? `**SCU.** A request is on disk before it is sent. Reports are taken on the association of the request and on our listener, from any calling AE title that may call and knows the transaction UID. Without a report in ${commitment.reportTimeoutMs / 60_000} minutes, unless the destination's entry names another time, it is asked by C-FIND. Commitment is asked for where the entry says so; a report that is not committed to is sent again (0112H), asked for again (0110H, 0131H, 0213H) or kept for a person (0119H, 0122H).`
      : '',
  )
}

/** Modality Performed Procedure Step (PS3.4 F.7) and Instance Availability Notification (PS3.4 R), where the site wants them. */
export function evidence({ settings }: ConformanceConfiguration): string {
  const { procedureSteps, availability } = settings.assembly
  if (!procedureSteps && !availability)
    return 'Not offered in this configuration; `assembly.procedureSteps` and `assembly.availability` of the settings offer them.'
  return blocks(
    `Transfer syntaxes: ${PLAIN}. What a peer names is evidence of completeness (chapter 3) and nothing else.`,
    procedureSteps
      ? '**Modality Performed Procedure Step SCP.** N-CREATE with the status IN PROGRESS and at least one scheduled step that names a study; N-SET until COMPLETED or DISCONTINUED. Statuses: 0106H for an unknown status or malformed reference, 0111H for a known UID, 0112H for an unknown one, 0120H for a missing attribute, 0110H with Error ID A710H for a step that is final. N-GET and N-EVENT-REPORT are not offered. Steps are kept for 90 days.'
      : '',
    availability
      ? '**Instance Availability Notification SCP.** N-CREATE. Instances that are called UNAVAILABLE are not counted. Several notifications for a study are added up and kept for 90 days.'
      : '',
  )
}

/** Query and retrieve (PS3.4 annex C), as far as it is wired. */
export function queryRetrieve({ services }: ConformanceConfiguration): string {
  if (!services.queryScp && !services.queryRetrieveScu) return 'Not offered.'
  return blocks(
    `Information model: study root, hierarchical. Transfer syntaxes of identifiers: ${PLAIN}. Relational queries, combined date and time matching and fuzzy matching are neither proposed nor accepted.`,
    services.queryScp ? '**FIND SCP.** Keys that are matched on and returned:' : '',
    services.queryScp ? keysTable() : '',
    services.queryScp
      ? `Any other key is ignored and the matches are sent with FF01H. Values beyond ASCII are sent as ISO_IR 192. Statuses: A700H when a query has to look at ${MAX_LOOKED_AT} objects or more, A900H for an identifier without level or unique key of a higher level, C000H for a failure here, FE00H after a cancel, 0124H for a caller that may send but not query.`
      : '',
    services.queryRetrieveScu
      ? '**FIND SCU.** Studies of the same patient are looked for by Patient ID, Study Date and Modalities in Study; what an archive answers is matched again before it is believed. Completeness is checked with Number of Study Related Instances (0020,1208), else Number of Series Related Instances (0020,1209), else by counting. Queries are bounded and cancelled at the bound.'
      : '',
    services.queryRetrieveScu
      ? `**MOVE SCU** names our AE title as destination. **GET SCU** proposes the SCP role for ${DEFAULT_GET_CLASSES.length} storage classes unless told which, each in a context with ${PLAIN} and one with the compressed transfer syntaxes that can be decoded (annex B).`
      : '',
  )
}

/** Annexes: storage classes and transfer syntaxes. */
export function annexes(): string {
  const decodable = new Set(DECODABLE_TRANSFER_SYNTAXES)
  return blocks(
    '## Annex A: storage SOP classes',
    'All are accepted as SCP. Classes of later editions below 1.2.840.10008.5.1.4.1.1 are accepted as well.',
    table(
      ['SOP class', 'UID'],
      STORAGE_SOP_CLASSES.map(([uid, name]) => [name, uid]),
    ),
    '## Annex B: transfer syntaxes',
    'All are accepted for storage. "Decoded" says whether pixels can be scored; other objects are stored and forwarded.',
    table(
      ['transfer syntax', 'UID', 'decoded'],
      TRANSFER_SYNTAXES.map(([uid, name]) => [name, uid, yesNo(decodable.has(uid))]),
    ),
  )
}

function keysTable(): string {
  const levels: readonly QueryLevel[] = ['STUDY', 'SERIES', 'IMAGE']
  const tags = new Set(levels.flatMap((level) => [...SUPPORTED_KEYS[level].keys(), ...RETURNED_COUNTS[level]]))
  const cell = (level: QueryLevel, tag: number): string => {
    if (RETURNED_COUNTS[level].includes(tag)) return 'returned'
    const key = SUPPORTED_KEYS[level].get(tag)
    if (key === undefined) return ''
    return isUnique(tag) ? 'unique' : MATCHING[key.kind]
  }
  return table(
    ['attribute', 'tag', ...levels],
    [...tags]
      .sort((a, b) => a - b)
      .map((tag) => [attributeOf(tag)?.keyword ?? '', tagText(tag), ...levels.map((level) => cell(level, tag))]),
  )
}

const MATCHING = {
  text: 'wildcard',
  code: 'wildcard, list',
  name: 'wildcard, no case',
  uid: 'list',
  date: 'range',
  time: 'range',
} as const

function isUnique(tag: number): boolean {
  return tag === KEY.studyInstanceUid || tag === KEY.seriesInstanceUid || tag === KEY.sopInstanceUid
}

function reason(value: number): string {
  return `${value.toString(16).padStart(4, '0').toUpperCase()}H`
}
