import type { AcceptancePolicy, AcceptorTls, DicomPortPlan, DimseServerLimits } from '../dimse/index.ts'
import type { Settings } from '../settings.ts'

/**
 * What shall listen. Where TLS is wanted and its files cannot be read nothing listens in its place: a port that was to be
 * encrypted is never opened in plain.
 * @param dimsePort the DICOM port of the configuration. @param identity what the files of `tls` hold.
 */
export function portPlanOf(
  { tls }: Settings,
  dimsePort: number,
  identity: AcceptorTls | 'pending' | undefined,
): DicomPortPlan {
  if (tls === undefined) return { plain: dimsePort, tls: undefined }
  const known = identity ?? 'pending'
  return tls.mode === 'only'
    ? { plain: undefined, tls: { port: dimsePort, identity: known } }
    : { plain: dimsePort, tls: { port: tls.port, identity: known } }
}

/** The limits of the DICOM port that the settings set. */
export function networkLimitsOf({ limits }: Settings): Pick<DimseServerLimits, 'maxAssociations' | 'maxInstanceBytes'> {
  return { maxAssociations: limits.maximumAssociations, maxInstanceBytes: limits.maximumInstanceBytes }
}

/** What is taken beyond the standard's own lists. */
export function acceptanceOf({ accept }: Settings): AcceptancePolicy {
  const rule = (value: 'all' | 'none' | readonly string[]): boolean | ReadonlySet<string> =>
    typeof value === 'string' ? value === 'all' : new Set(value)
  return {
    privateSopClasses: rule(accept.privateSopClasses),
    unknownTransferSyntaxes: rule(accept.unknownTransferSyntaxes),
  }
}
