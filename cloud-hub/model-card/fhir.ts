import { type CardDocument, cardDigest } from './card-document.ts'
import { chaiSoftwareId } from './chai-xml.ts'

const CODES = 'http://hl7.org/fhir/uv/aitransparency/CodeSystem/AImodelCardCS'
const PROFILE = 'http://hl7.org/fhir/uv/aitransparency/StructureDefinition/AI-ModelCard'

/**
 * HL7 "AI Transparency on FHIR" (STU1 ballot, FHIR R4): a DocumentReference that carries the card in CHAI form, as XML and
 * as PDF. The digest of the package is its identifier; FHIR asks for SHA-1 of each attachment (Attachment.hash).
 * @param sha1 of bytes, base64.
 */
export function fhirDocumentReference(
  document: CardDocument,
  attachments: { readonly xml: Uint8Array; readonly pdf: Uint8Array },
  sha1: (bytes: Uint8Array) => string,
): Readonly<Record<string, unknown>> {
  const attachment = (contentType: string, bytes: Uint8Array): Readonly<Record<string, unknown>> => ({
    attachment: {
      contentType,
      language: 'en',
      data: Buffer.from(bytes).toString('base64'),
      size: bytes.length,
      hash: sha1(bytes),
      title: `Model card of ${document.model.name} ${document.model.version}`,
      creation: document.createdAt,
    },
  })
  const coding = (code: string, display: string): Readonly<Record<string, unknown>> => ({
    coding: [{ system: CODES, code, display }],
  })
  return {
    resourceType: 'DocumentReference',
    meta: { profile: [PROFILE] },
    identifier: [
      { system: 'urn:ietf:rfc:3986', value: `urn:sha256:${document.model.digest}` },
      { value: chaiSoftwareId(document) },
      { value: `card sha256:${cardDigest(document)}` },
    ],
    status: 'current',
    type: coding('AIModelCard', 'AI Model-Card'),
    category: [coding('AImodelCardCHAIformat', 'CHAI Format')],
    date: document.createdAt,
    description: `${document.title} ${document.model.version}`,
    content: [attachment('application/xml', attachments.xml), attachment('application/pdf', attachments.pdf)],
  }
}
