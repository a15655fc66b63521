import { type DicomCode, standardsOf } from '../event-standards.ts'
import { type FeedEntry, type FeedSource, OUTCOME_INDICATOR } from './feed-entry.ts'

const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const OWN = 'urn:leadglass:audit-event'
const SOURCE_TYPE = 'http://terminology.hl7.org/CodeSystem/security-source-type'
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type'
const OBJECT_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role'

/** A resource as JSON. */
export type AuditEventResource = Readonly<Record<string, unknown>> & { readonly resourceType: 'AuditEvent' }

/**
 * A leaf as an AuditEvent (FHIR R4), to be sent as IHE BALP and ITI-20 have it: who as an agent that asked or did, the box as the
 * observer, the subject and the place in the log as entities. Pseudonyms only, as in the log.
 */
export function fhirAuditEvent({ index, event }: FeedEntry, source: FeedSource): AuditEventResource {
  const { id, type, action } = standardsOf(event.event)
  const observer = { identifier: { system: 'urn:leadglass:device', value: source.device } }
  const program = {
    type: { coding: [coding(DCM, { code: '110150', meaning: 'Application' })] },
    who: { ...observer, display: `leadglass ${source.softwareVersion}` },
    requestor: event.actor.kind === 'system',
  }
  const actor = {
    who: { identifier: { system: `urn:leadglass:${event.actor.kind}`, value: event.actor.id } },
    requestor: true,
  }
  return {
    resourceType: 'AuditEvent',
    type: coding(DCM, id),
    subtype: [
      ...(type === undefined ? [] : [coding(DCM, type)]),
      coding(OWN, { code: event.event, meaning: event.event }),
    ],
    action,
    recorded: event.at,
    outcome: OUTCOME_INDICATOR[event.outcome],
    ...(event.codes.length === 0 ? {} : { outcomeDesc: event.codes.join(' ') }),
    agent: event.actor.kind === 'system' ? [program] : [actor, program],
    source: {
      observer,
      type: [{ system: SOURCE_TYPE, code: '4', display: 'Application Server' }],
    },
    entity: [
      ...(event.subject === null ? [] : [entityOf(event.subject)]),
      {
        what: { identifier: { system: `urn:leadglass:log:${source.origin}`, value: String(index) } },
        type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
        role: { system: OBJECT_ROLE, code: '13', display: 'Security Resource' },
      },
    ],
  }
}

function entityOf({ kind, id }: NonNullable<FeedEntry['event']['subject']>): Readonly<Record<string, unknown>> {
  const isPerson = kind === 'patient' || kind === 'person'
  return {
    what: { identifier: { system: `urn:leadglass:${kind}`, value: id } },
    type: { system: ENTITY_TYPE, code: isPerson ? '1' : '2', display: isPerson ? 'Person' : 'System Object' },
    ...(kind === 'patient' ? { role: { system: OBJECT_ROLE, code: '1', display: 'Patient' } } : {}),
  }
}

function coding(system: string, { code, meaning }: DicomCode): Readonly<Record<string, string>> {
  return { system, code, display: meaning }
}
