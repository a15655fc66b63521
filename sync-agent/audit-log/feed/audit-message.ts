import { type DicomCode, standardsOf } from '../event-standards.ts'
import { type FeedEntry, type FeedSource, OUTCOME_INDICATOR, OWN_CODE_SYSTEM } from './feed-entry.ts'

/** PS3.16 CID 402: a program takes part. */
const APPLICATION: DicomCode = { code: '110150', meaning: 'Application' }
/** Audit source type (RFC 3881 5.4.3): an application server. */
const APPLICATION_SERVER = '4'

/**
 * A leaf as a DICOM audit message (PS3.15 A.5.1), XML without a declaration. It says what the leaf says and no more, so that the
 * repository holds no identity of a patient: templates of PS3.15 A.5.3 that ask for one are filled with pseudonyms.
 */
export function auditMessage({ index, event }: FeedEntry, source: FeedSource): string {
  const { id, type, action } = standardsOf(event.event)
  return element('AuditMessage', {}, [
    element(
      'EventIdentification',
      {
        EventActionCode: action,
        EventDateTime: event.at,
        EventOutcomeIndicator: OUTCOME_INDICATOR[event.outcome],
      },
      [
        dicomCode('EventID', id),
        ...(type === undefined ? [] : [dicomCode('EventTypeCode', type)]),
        ownCode('EventTypeCode', event.event),
        ...(event.codes.length === 0 ? [] : [element('EventOutcomeDescription', {}, [escaped(event.codes.join(' '))])]),
      ],
    ),
    ...participants({ index, event }, source),
    element('AuditSourceIdentification', { AuditSourceID: source.device }, [
      element('AuditSourceTypeCode', {
        'csd-code': APPLICATION_SERVER,
        codeSystemName: 'RFC-3881',
        originalText: 'Application Server',
      }),
    ]),
    subjectObject(event.subject),
    element('ParticipantObjectIdentification', objectOfLog(source.origin, index), [
      ownCode('ParticipantObjectIDTypeCode', 'log-entry'),
    ]),
  ])
}

/** The actor first, as who asked for it, then the program that did it. A program that acts by itself is both. */
function participants({ event }: FeedEntry, source: FeedSource): string[] {
  const program = { UserID: source.device, AlternativeUserID: `leadglass ${source.softwareVersion}` }
  if (event.actor.kind === 'system')
    return [
      element('ActiveParticipant', { ...program, UserName: event.actor.id, UserIsRequestor: 'true' }, [
        dicomCode('RoleIDCode', APPLICATION),
      ]),
    ]
  return [
    element('ActiveParticipant', { UserID: event.actor.id, UserIsRequestor: 'true' }, [
      ownCode('RoleIDCode', event.actor.kind),
    ]),
    element('ActiveParticipant', { ...program, UserIsRequestor: 'false' }, [dicomCode('RoleIDCode', APPLICATION)]),
  ]
}

function subjectObject(subject: FeedEntry['event']['subject']): string {
  if (subject === null) return ''
  return element(
    'ParticipantObjectIdentification',
    { ParticipantObjectID: subject.id, ...objectTypeOf(subject.kind) },
    [ownCode('ParticipantObjectIDTypeCode', subject.kind)],
  )
}

/** ParticipantObjectTypeCode (1 person, 2 system object) and its role (1 patient, 3 report, 6 user, 13 security resource). */
function objectTypeOf(kind: string): Readonly<Record<string, string>> {
  if (kind === 'patient') return { ParticipantObjectTypeCode: '1', ParticipantObjectTypeCodeRole: '1' }
  if (kind === 'person') return { ParticipantObjectTypeCode: '1', ParticipantObjectTypeCodeRole: '6' }
  const isReport = kind === 'study' || kind === 'result' || kind === 'instance'
  return { ParticipantObjectTypeCode: '2', ParticipantObjectTypeCodeRole: isReport ? '3' : '13' }
}

function objectOfLog(origin: string, index: number): Readonly<Record<string, string>> {
  return {
    ParticipantObjectID: `${origin}#${index}`,
    ParticipantObjectTypeCode: '2',
    ParticipantObjectTypeCodeRole: '13',
  }
}

function dicomCode(name: string, { code, meaning }: DicomCode): string {
  return element(name, { 'csd-code': code, codeSystemName: 'DCM', originalText: meaning })
}

function ownCode(name: string, word: string): string {
  return element(name, { 'csd-code': word, codeSystemName: OWN_CODE_SYSTEM, originalText: word })
}

function element(name: string, attributes: Readonly<Record<string, string>>, content: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([attribute, value]) => ` ${attribute}="${escaped(value)}"`)
  const inner = content.join('')
  return inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>`
}

/** XML 1.0 2.4. What a leaf may hold are printable characters; everything else is dropped all the same. */
function escaped(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
