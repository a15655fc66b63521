import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

/** What follows from each code, for the caller that decides about trying again. Only this table decides it. */
const FAILURES = {
  /** The peer refuses us and will refuse us again: a person must change a setting (PS3.8 9.3.4). */
  'association-rejected-permanent': {
    failureClass: 'permanent',
    effect: 'nothing was sent',
    nextStep: 'compare host, port and both AE titles with the configuration of the peer',
  },
  /** The peer is busy or full. */
  'association-rejected-transient': {
    failureClass: 'transient',
    effect: 'nothing was sent',
    nextStep: 'wait and try again; if it lasts, ask who runs the peer about its association limit',
  },
  /** No transport connection: refused, unreachable, or no answer to the connection attempt. */
  'connection-refused': {
    failureClass: 'transient',
    effect: 'nothing was sent',
    nextStep: 'check that the peer runs, its address and port, and the firewall between',
  },
  /** Certificates or protocol versions do not fit. */
  'tls-failed': {
    // Certificates run out and are renewed: what waits goes out then by itself.
    failureClass: 'transient',
    effect: 'nothing was sent',
    nextStep: 'check the certificates of both sides and that both speak TLS 1.2 or newer',
  },
  /** Our own key or certificate for the peer cannot be read: a peer with TLS is never called without. */
  'tls-not-ready': {
    failureClass: 'transient',
    effect: 'nothing was sent',
    nextStep: 'check the key and certificate files that the settings name; they are read again by themselves',
  },
  /** The peer accepted the connection but did not answer the association request. */
  'association-timed-out': {
    failureClass: 'transient',
    effect: 'nothing was sent',
    nextStep: 'check that the port belongs to a DICOM service, then try again',
  },
  /** The peer did not answer a request in time: it may have done the work. */
  'timed-out': {
    failureClass: 'ambiguous',
    effect: 'the peer may or may not have the instance',
    nextStep: 'send again with the same SOP Instance UID, which a peer stores once',
  },
  /** A-ABORT by the peer while a request was open. */
  aborted: {
    failureClass: 'ambiguous',
    effect: 'the peer may or may not have the instance',
    nextStep: 'read the log of the peer; send again with the same SOP Instance UID',
  },
  /** The transport connection broke while a request was open. */
  'connection-lost': {
    failureClass: 'ambiguous',
    effect: 'the peer may or may not have the instance',
    nextStep: 'check the network; send again with the same SOP Instance UID',
  },
  /** The association had ended before the request was written. */
  'association-closed': {
    failureClass: 'transient',
    effect: 'nothing was sent',
    nextStep: 'open another association and send again',
  },
  /** The peer sent bytes that the standard does not allow at this point. */
  protocol: {
    failureClass: 'permanent',
    effect: 'the association was aborted',
    nextStep: 'report the clause in the message to who runs the peer',
  },
  /** The peer accepted the association but not this SOP class with this transfer syntax. */
  'no-presentation-context': {
    failureClass: 'permanent',
    effect: 'the instance was not sent',
    nextStep: 'enable the SOP class and transfer syntax at the peer',
  },
  /** A query, a retrieval or a request for commitment that the peer answered with a failure of its own making. */
  'peer-refused': {
    failureClass: 'permanent',
    effect: 'the peer did not do what was asked',
    nextStep: 'look the status up in the conformance statement of the peer',
  },
  /** Out of resources (A7xxH, 0213H), processing failure: the peer may do it later. */
  'peer-busy': {
    failureClass: 'transient',
    effect: 'the peer did not do what was asked',
    nextStep: 'wait and try again; if it lasts, ask who runs the peer',
  },
  /** What was to be sent could not be read. */
  'data-source-failed': {
    failureClass: 'permanent',
    effect: 'the association was aborted so that no half instance is kept',
    nextStep: 'check the stored file',
  },
  /** A file without the DICM prefix or with a damaged file meta group (PS3.10 7.1). */
  'not-part10': {
    failureClass: 'permanent',
    effect: 'the file was not sent',
    nextStep: 'check the file with a DICOM validator',
  },
  /** An argument that no peer could understand: an AE title over 16 characters, a UID with letters. */
  'invalid-argument': {
    failureClass: 'permanent',
    effect: 'nothing was sent',
    nextStep: 'correct the setting named in the message',
  },
  /** The port could not be opened. */
  'listen-failed': {
    failureClass: 'permanent',
    effect: 'no association can be received',
    nextStep: 'free the port or choose another in the settings, then start again',
  },
} as const satisfies Record<string, { failureClass: FailureClass; effect: string; nextStep: string }>

/** The closed set of failures of the DICOM network layer. */
export type DimseErrorCode = keyof typeof FAILURES

/** A failure of an association, a request or a file to be sent. Messages hold titles, codes and clauses, never data. */
export class DimseError extends CodedError<DimseErrorCode> {
  constructor(code: DimseErrorCode, message: string, cause?: unknown) {
    const { failureClass, effect, nextStep } = FAILURES[code]
    super(code, failureClass, { message, effect, nextStep, ...(cause === undefined ? {} : { cause }) })
  }
}
