import type { Clock, Logger, Randomness, Service } from '@leadglass/sync-agent/foundation'
import { CorrectionError, Corrections, Superseding } from './corrections/index.ts'
import { Deidentifier, type DeidentifyProfile, EgressVerifier, type SiteKeys } from './deidentify/index.ts'
import { type AuditSink, type EgressDoor, EventBrake } from './egress/index.ts'
import { addressIsIn, SpoolError } from './intake/index.ts'
import { type Hl7Sender, type MergeOfMessage, type MergeReceipt, MllpServer } from './mllp/index.ts'
import { DeidentifyingGate, type Gate } from './pipeline/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'

const LOOPBACK = ['127.0.0.0/8', '::1']

/** What corrections are made of. */
export interface CorrectionsParts {
  readonly host: string
  readonly records: Records
  readonly spool: { read(digest: string): Promise<Uint8Array> }
  readonly keys: SiteKeys
  readonly profile: DeidentifyProfile
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly door: EgressDoor
  readonly device: { readonly name: string; readonly softwareVersion: string }
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  readonly onCorrected: (studies: readonly number[]) => void
}

/** Corrections, what they mean for the work on revisions, and the HL7 listener where the settings name a port. */
export interface CorrectionsRoom {
  readonly corrections: Corrections
  readonly superseding: Superseding
  /** The gate between the zones; it knows under whom a study goes since a merge. */
  readonly gate: Gate
  readonly listener: readonly Service[]
}

/** Puts corrections together. */
export function composeCorrections(parts: CorrectionsParts): CorrectionsRoom {
  const { host, records, spool, keys, profile, settings, audit, door, device, clock, randomness, logger } = parts
  const corrections = new Corrections({
    ...parts,
    defaultIssuer: profile.patientIssuer,
    readObject: async (digest) => {
      try {
        return await spool.read(digest)
      } catch (cause) {
        if (cause instanceof SpoolError) return undefined
        throw cause
      }
    },
    ownAuthorities: () => settings().hl7?.ownAuthorities ?? [],
  })
  const survivorOf = corrections.survivorOf.bind(corrections)
  const gate = new DeidentifyingGate(new Deidentifier({ keys, profile, survivorOf }), new EgressVerifier())
  const superseding = new Superseding({ corrections, records, door, audit, device, clock })
  const hl7 = settings().hl7
  if (hl7 === undefined) return { corrections, superseding, gate, listener: [] }
  const brake = new EventBrake(clock)
  const listener = new MllpServer({
    host,
    port: hl7.port,
    maximumBytes: hl7.maximumBytes,
    mayConnect: (address) => mayConnect(settings(), address),
    maySend: (sender) => maySend(settings(), sender),
    record: (merges) => recordMerges(corrections, merges),
    onRejected: (why) => {
      const more = brake.codes()
      if (more === undefined) return
      const actor = { kind: 'system', id: 'hl7' } as const
      audit.recordNow({
        event: 'access.refused',
        actor,
        subject: null,
        outcome: 'refused',
        codes: [`hl7-${why}`, ...more],
      })
    },
    clock,
    randomness,
    logger: logger.child({ room: 'mllp' }),
  })
  return { corrections, superseding, gate, listener: [listener] }
}

function mayConnect({ hl7, acceptLoopback }: ReturnType<CurrentSettings>, address: string): boolean {
  if (acceptLoopback && addressIsIn(address, LOOPBACK)) return true
  return hl7?.senders.some((sender) => addressIsIn(address, sender.addresses)) === true
}

function maySend({ hl7, acceptLoopback }: ReturnType<CurrentSettings>, sender: Hl7Sender): boolean {
  if (acceptLoopback && addressIsIn(sender.address, LOOPBACK)) return true
  return (
    hl7?.senders.some(
      ({ application, facility, addresses }) =>
        application === sender.application &&
        (facility === undefined || facility === sender.facility) &&
        addressIsIn(sender.address, addresses),
    ) === true
  )
}

/** A merge that contradicts those in force is refused; anything else that fails is not recorded and comes again. */
function recordMerges(corrections: Corrections, merges: readonly MergeOfMessage[]): MergeReceipt {
  try {
    corrections.merge(merges, { actor: { kind: 'system', id: 'hl7' }, source: 'hl7', reason: 'HL7 ADT^A40' })
    return { kind: 'recorded' }
  } catch (cause) {
    if (cause instanceof CorrectionError) return { kind: 'refused', message: cause.message }
    throw cause
  }
}
