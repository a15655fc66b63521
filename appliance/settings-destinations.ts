import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { confirmation } from './settings-archives.ts'
import { peerTls } from './settings-network.ts'

/** The part of the settings that says where results go, how, and which. */

const path = z.string().max(4096).refine(isAbsolute, { message: 'must be an absolute path' })

// PS3.5 6.2, AE: default repertoire without backslash and control characters; not only spaces.
const aeTitle = z
  .string()
  .min(1)
  .max(16)
  .regex(/^[ -[\]-~]*[!-[\]-~][ -[\]-~]*$/)

/** Of a web service; credentials belong in a file of their own (RFC 9110 4.2.4). */
const serviceUrl = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .refine((url) => !/^[^/]*\/\/[^/]*@/.test(url), {
    message: 'must not hold a user or a password; name a "bearerFile"',
  })
  .refine((url) => !/[?#]/.test(url), { message: 'must have neither a query nor a fragment' })
  .transform((url) => url.replace(/\/+$/, ''))

/** RFC 9110 5.6.2. Headers that this program writes itself are not for the settings. */
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/)
  .refine((name) => !/^(?:host|content-.*|transfer-encoding|connection|accept|authorization)$/i.test(name), {
    message: 'is a header that the appliance writes itself',
  })

/**
 * What a destination can be sent. `seg`: segments of volumes. `pr`: a presentation over the scored images. `pm`: heat maps. `sc`: a picture,
 * for a destination that shows nothing else.
 */
const RESULT_KINDS = ['sr', 'seg', 'pr', 'pm', 'sc', 'not-scored'] as const
/** Kinds that have pixels or lie over them: there is no resource for them. */
const WITHOUT_RESOURCE: ReadonlySet<string> = new Set(['seg', 'pr', 'pm', 'sc'])

const members = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** `dicom`: C-STORE. `stow`: STOW-RS (PS3.18 10.5). `fhir`: FHIR R4 over HTTP. */
  protocol: z.enum(['dicom', 'stow', 'fhir']).default('dicom'),
  aeTitle: aeTitle.or(z.literal('')).optional(),
  host: z.string().min(1).max(255).optional(),
  port: z.number().int().min(1).max(65_535).optional(),
  /** Results over DICOM, and reports of storage commitment to this title, go over TLS. */
  tls: peerTls.optional(),
  /** Of `stow` and `fhir`: the base of the service, such as `https://pacs.example/dicom-web`. */
  url: serviceUrl.optional(),
  /** Sent with every request. */
  headers: z
    .record(
      headerName,
      z
        .string()
        .max(1024)
        .regex(/^[\x20-\x7e]*$/),
    )
    .default({}),
  /** A file with the bearer token (RFC 6750), read for every request, so that it can be renewed. */
  bearerFile: path.optional(),
  /** PEM certificates of who signs the server's; those of the system when absent. */
  caFile: path.optional(),
  kinds: z.array(z.enum(RESULT_KINDS)).min(1).default(['sr']),
  /** A result that waits longer than this raises an alarm. */
  alarmAfterSeconds: z.number().int().min(1).max(31_536_000).default(3600),
  ...confirmation,
})

type Members = z.infer<typeof members>

/** One destination. Host and port of a web service are those of its URL; it has no AE title. */
export const destination = members
  .superRefine((one, context) => {
    const fault = (member: keyof Members, message: string): void => {
      context.addIssue({ code: 'custom', path: [member], message })
    }
    if (one.protocol === 'dicom') {
      for (const member of ['aeTitle', 'host', 'port'] as const)
        if ((one[member] ?? '') === '') fault(member, 'is needed for a destination over DICOM')
      for (const member of ['url', 'bearerFile', 'caFile'] as const)
        if (one[member] !== undefined) fault(member, 'is for a destination over HTTP')
      return
    }
    if (one.url === undefined) fault('url', 'is needed for a destination over HTTP')
    // Settings that were read once are written with what follows from the URL: the same again is no fault.
    const derived = one.url === undefined ? undefined : placeOf(one.url)
    for (const member of ['aeTitle', 'host', 'port'] as const)
      if (one[member] !== undefined && one[member] !== derived?.[member])
        fault(member, 'is for a destination over DICOM: leave it out, the URL says it')
    if (one.tls !== undefined) fault('tls', 'is for a destination over DICOM; name a "caFile"')
    if (one.confirm === 'commitment') fault('confirm', 'storage commitment is a service of DICOM; choose "query"')
    if (one.protocol === 'fhir' && one.kinds.some((kind) => WITHOUT_RESOURCE.has(kind)))
      fault('kinds', 'segments, presentations, maps and pictures have no place in FHIR')
    if (one.bearerFile !== undefined && one.url?.startsWith('http:') === true)
      fault('url', 'a bearer token needs https (RFC 6750 5.3)')
  })
  .transform((one) => {
    const { aeTitle: title = '', host = '', port = 0 } = one
    return { ...one, ...(one.url === undefined ? { aeTitle: title, host, port } : placeOf(one.url)) }
  })

/** What stands in the place of title, host and port for a web service. */
function placeOf(address: string): { readonly aeTitle: string; readonly host: string; readonly port: number } {
  const url = new URL(address)
  const usual = url.protocol === 'https:' ? 443 : 80
  return { aeTitle: '', host: url.hostname, port: url.port === '' ? usual : Number(url.port) }
}
