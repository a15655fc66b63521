import { isAbsolute } from 'node:path'
import { z } from 'zod'

/** The parts of the settings that concern TLS, what may come in, and the marks of pressure. */

const path = z.string().max(4096).refine(isAbsolute, { message: 'must be an absolute path' })

/** SHA-256 over the DER form of a certificate, as `openssl x509 -fingerprint -sha256` or without its colons. */
const fingerprint = z
  .string()
  .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/)
  .transform((text) => text.replaceAll(':', '').toLowerCase())

/** Which certificates a caller may show. One that fits either list is enough. */
export const certificateRule = z
  .strictObject({
    /** Subjects, most specific part first: `CN=ct-1,OU=Radiology,O=Hospital`. */
    subjects: z.array(z.string().min(1).max(1024)).default([]),
    sha256: z.array(fingerprint).default([]),
  })
  .refine((rule) => rule.subjects.length + rule.sha256.length > 0, {
    message: 'name a subject or a SHA-256 fingerprint',
  })
export type CertificateRule = z.infer<typeof certificateRule>

/** TLS towards a peer. Files that are not named are those of `tls`. */
export const peerTls = z.strictObject({
  keyFile: path.optional(),
  certificateFile: path.optional(),
  /** PEM certificates of who signs the peer's. */
  authoritiesFile: path.optional(),
  /** False where the peer's certificate does not name its host. */
  verifyHostName: z.boolean().default(true),
})
export type PeerTls = z.infer<typeof peerTls>

/** TLS for callers, and our identity towards peers. PEM files, read again when they change. */
export const listenerTls = z.strictObject({
  /** `beside`: on a port of its own, the plain port stays. `only`: on the DICOM port, and nothing in plain. */
  mode: z.enum(['beside', 'only']).default('beside'),
  /** Of `beside`; 2762 is the registered port of DICOM over TLS (PS3.15 B). */
  port: z.number().int().min(0).max(65_535).default(2762),
  keyFile: path,
  certificateFile: path,
  /** PEM certificates of who signs the callers'. */
  authoritiesFile: path,
  /** Mutual authentication. False lets callers in that own no certificate. */
  requireClientCertificate: z.boolean().default(true),
})
export type ListenerTls = z.infer<typeof listenerTls>

const uid = z
  .string()
  .max(64)
  .regex(/^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+$/)

/** All, none, or these UIDs. */
const uidRule = z.union([z.enum(['all', 'none']), z.array(uid).min(1)])

/** SOP classes and transfer syntaxes beyond the standard's lists. Everything is kept as it came, so the default is all. */
export const acceptance = z.strictObject({
  privateSopClasses: uidRule.default('all'),
  /** Private transfer syntaxes, and those of an edition later than the program's table. */
  unknownTransferSyntaxes: uidRule.default('all'),
})

/** Marks besides `limits.minimumFreeBytes`, the hard mark of the disk. */
export const pressure = z.strictObject({
  /** The soft mark: below this much free disk optional work stops. */
  softFreeBytes: z.number().int().min(0).default(2_147_483_648),
  /** Percent of the file system's inodes that are free. Not judged where the file system does not count them. */
  softFreeInodesPercent: z.number().min(0).max(100).default(10),
  hardFreeInodesPercent: z.number().min(0).max(100).default(3),
  /** Age of the study that waits longest for work, in seconds. */
  softWaitingSeconds: z.number().int().min(1).default(3600),
  /** Without it a slow pipeline alone never refuses anybody. */
  hardWaitingSeconds: z.number().int().min(1).optional(),
  /** A mark is left again only when things are this much better than it. */
  recoverPercent: z.number().min(0).max(100).default(10),
})
export type PressureMarks = z.infer<typeof pressure>
