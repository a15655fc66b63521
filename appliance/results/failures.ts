import type { FailureClass } from '@leadglass/sync-agent/foundation'
import { DimseError, type DimseErrorCode } from '../dimse/index.ts'

/** What a failure of a delivery means. */
export interface FailureMeaning {
  readonly failureClass: FailureClass
  /** `object`: this result only. `destination`: nothing would be taken now. */
  readonly concerns: 'object' | 'destination'
  readonly nextStep: string
}

type Entry = readonly [FailureClass, FailureMeaning['concerns'], string]

/** Which failures of the DICOM network layer are about one object; the class and the advice are the error's own. */
const DIMSE: Readonly<Record<DimseErrorCode, FailureMeaning['concerns']>> = {
  'association-rejected-permanent': 'destination',
  'association-rejected-transient': 'destination',
  'connection-refused': 'destination',
  'tls-failed': 'destination',
  'tls-not-ready': 'destination',
  'association-timed-out': 'destination',
  'timed-out': 'destination',
  aborted: 'destination',
  'connection-lost': 'destination',
  'association-closed': 'destination',
  protocol: 'destination',
  'no-presentation-context': 'object',
  'peer-refused': 'object',
  'peer-busy': 'destination',
  'data-source-failed': 'object',
  'not-part10': 'object',
  'invalid-argument': 'destination',
  'listen-failed': 'destination',
}

const CONFORMANCE = "look the status up in the destination's conformance statement, then replay or drop it"
const ROOM = 'nothing to do unless it lasts: then the destination needs room'

/** Statuses of C-STORE (PS3.4 table B.2-1; PS3.7 annex C) and reasons of STOW-RS (PS3.18 annex I.2), most special first. */
const STATUSES: readonly (readonly [from: number, to: number, ...Entry])[] = [
  [0x0105, 0x0106, 'permanent', 'object', CONFORMANCE],
  [0x0110, 0x0110, 'transient', 'object', 'nothing to do unless it lasts: then read the log of the destination'],
  [0x0112, 0x0112, 'transient', 'object', 'nothing to do: it is sent again'],
  [0x0117, 0x0117, 'permanent', 'object', 'report the UID to support: the destination calls it invalid'],
  [
    0x0122,
    0x0122,
    'permanent',
    'object',
    'enable the SOP class at the destination, or choose other "kinds", then replay',
  ],
  [0x0124, 0x0124, 'permanent', 'destination', 'let the destination accept our AE title, then replay'],
  [0x0210, 0x0210, 'ambiguous', 'object', 'nothing to do: it is sent again'],
  [0x0211, 0x0212, 'permanent', 'destination', 'the destination does not do C-STORE as it should: ask its vendor'],
  [0x0213, 0x0213, 'transient', 'destination', ROOM],
  [0xa700, 0xa7ff, 'transient', 'destination', ROOM],
  [
    0xa800,
    0xa8ff,
    'permanent',
    'object',
    'enable the SOP class at the destination, or choose other "kinds", then replay',
  ],
  [0xa900, 0xa9ff, 'permanent', 'object', CONFORMANCE],
  [0xc000, 0xcfff, 'permanent', 'object', CONFORMANCE],
  [0xfe00, 0xfe00, 'ambiguous', 'object', 'nothing to do: it is sent again'],
]

/** Answers of HTTP (RFC 9110 15), and what kept us from having one. */
const HTTP: Readonly<Record<string, Entry>> = {
  'http-unreachable': [
    'transient',
    'destination',
    'check that the service runs, its address, and the firewall between',
  ],
  'http-lost': ['ambiguous', 'destination', 'nothing to do unless it lasts: then read the log of the destination'],
  'http-timed-out': ['ambiguous', 'destination', 'nothing to do unless it lasts: then ask why the destination is slow'],
  'http-tls': ['transient', 'destination', 'check the server\'s certificate, its name, and "caFile"'],
  'http-secret': [
    'transient',
    'destination',
    'make "bearerFile" and "caFile" readable; they are read again by themselves',
  ],
  'http-answer': ['ambiguous', 'destination', 'check that the URL is that of the service and not of a page'],
  'http-not-mentioned': [
    'ambiguous',
    'object',
    'nothing to do unless it lasts: then ask the vendor of the destination',
  ],
  'http-refused': ['permanent', 'object', 'read the log of the destination, then replay or drop it'],
  'http-401': ['permanent', 'destination', 'give the appliance a valid token, then replay'],
  'http-403': ['permanent', 'destination', 'let the service accept our token, then replay'],
  'http-404': ['permanent', 'destination', 'correct the URL of the destination, then replay'],
  'http-405': ['permanent', 'destination', 'correct the URL of the destination, then replay'],
  'http-406': ['permanent', 'destination', 'the service does not answer in JSON: ask its vendor'],
  'http-407': ['permanent', 'destination', 'let the proxy pass the appliance, then replay'],
  'http-408': ['ambiguous', 'destination', 'nothing to do unless it lasts'],
  'http-409': ['ambiguous', 'object', 'nothing to do: it is sent again'],
  'http-410': ['permanent', 'destination', 'correct the URL of the destination, then replay'],
  'http-412': ['ambiguous', 'object', 'nothing to do: it is sent again'],
  'http-413': ['permanent', 'object', 'raise the largest request that the service or its proxy takes, then replay'],
  'http-415': [
    'permanent',
    'destination',
    'the service does not take this media type: correct the URL or the protocol',
  ],
  'http-425': ['transient', 'destination', 'nothing to do unless it lasts'],
  'http-429': ['transient', 'destination', 'nothing to do unless it lasts: then raise the rate limit of the service'],
  'http-500': ['ambiguous', 'object', 'nothing to do unless it lasts: then read the log of the destination'],
  'http-501': ['permanent', 'destination', 'the service does not offer this: correct the URL or the protocol'],
  'http-502': ['ambiguous', 'destination', 'nothing to do unless it lasts: then look behind the proxy'],
  'http-503': ['transient', 'destination', 'nothing to do unless it lasts'],
  'http-504': ['ambiguous', 'destination', 'nothing to do unless it lasts: then look behind the proxy'],
  'http-505': ['permanent', 'destination', 'the service does not speak HTTP/1.1: ask its vendor'],
  'http-507': ['transient', 'destination', ROOM],
}

/** Reasons that the appliance itself gives. */
const OWN: Readonly<Record<string, Entry>> = {
  'no-answer': ['ambiguous', 'destination', 'nothing to do: it is sent again'],
  superseded: ['permanent', 'object', 'nothing to do: a later revision of the study speaks instead'],
  dropped: ['permanent', 'object', 'nothing to do: a person gave it up'],
  'no-resource': ['permanent', 'object', 'drop it: this result has no form in FHIR'],
}

/** Every code of the table, for the page that lists them and its test. */
export const LISTED_CODES: readonly string[] = [...Object.keys(DIMSE), ...Object.keys(HTTP), ...Object.keys(OWN)]

/**
 * What a reason of a delivery means: `connection-refused` and the other codes of `DimseError`, `status-a700` (DIMSE
 * status or STOW-RS reason), `http-503`. What no table knows is put before a person rather than tried for ever.
 */
export function meaningOf(reason: string): FailureMeaning {
  if (Object.hasOwn(DIMSE, reason)) {
    const { failureClass, nextStep } = new DimseError(reason as DimseErrorCode, reason)
    return { failureClass, nextStep, concerns: DIMSE[reason as DimseErrorCode] }
  }
  const [failureClass, concerns, nextStep] = entryOf(reason)
  return { failureClass, concerns, nextStep }
}

function entryOf(reason: string): Entry {
  const status = /^status-([0-9a-f]{4})$/.exec(reason)?.[1]
  if (status !== undefined) {
    const value = Number.parseInt(status, 16)
    const found = STATUSES.find(([from, to]) => value >= from && value <= to)
    return found === undefined ? ['permanent', 'object', CONFORMANCE] : [found[2], found[3], found[4]]
  }
  const known = Object.hasOwn(HTTP, reason) ? HTTP[reason] : Object.hasOwn(OWN, reason) ? OWN[reason] : undefined
  if (known !== undefined) return known
  // RFC 9110 15: an unknown status is treated as the x00 of its class; a redirection is not followed with a result in hand.
  if (/^http-3\d\d$/.test(reason)) return ['permanent', 'destination', 'correct the URL: the service has moved']
  if (/^http-5\d\d$/.test(reason)) return ['ambiguous', 'destination', 'nothing to do unless it lasts']
  if (/^http-[124]\d\d$/.test(reason)) return ['permanent', 'object', 'read the log of the destination, then replay']
  if (/^not-confirmed\./.test(reason)) return ['permanent', 'object', 'look for the result in the archive, then replay']
  return ['permanent', 'object', 'read the log of the destination, then replay or drop it']
}
