/** What is audited of the DICOM network: said here once, because no table of the program holds it. */
export const AUDIT_NOTE =
  'Rejected and ended associations, deliveries and their failures, changed settings and quarantined studies are events of an append-only audit log (RFC 6962) without identifying data. The Audit Trail Message Format Profile of PS3.15 A.5 is not offered.'
