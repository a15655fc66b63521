import type { Settings } from '../settings.ts'
import type { PlanWorld, Remark } from './world.ts'

const DAY_MS = 86_400_000
/** Certificates that run out within so many days are pointed out. */
const SOON_DAYS = 30

const risk = (code: string, words: string): Remark => ({ severity: 'risk', code, words })
const note = (code: string, words: string): Remark => ({ severity: 'note', code, words })

/** What a change does to the listeners: nothing needs a restart, but a port that moves ends associations. */
export function listenerRemarks(before: Settings, after: Settings, { dimsePort }: PlanWorld): Remark[] {
  const remarks: Remark[] = []
  const [old, now] = [before.tls, after.tls]
  if (old !== undefined && now === undefined)
    remarks.push(risk('tls-removed', 'the DICOM port speaks no TLS any more: everything travels readable'))
  if (now?.mode === 'only' && old?.mode !== 'only') {
    remarks.push(
      risk(
        'plain-port-closes',
        `callers without TLS cannot call any more: port ${dimsePort} speaks TLS only; their open associations have 10 s to end`,
      ),
    )
  }
  if (old?.mode === 'only' && now?.mode !== 'only')
    remarks.push(risk('plain-port-opens', `port ${dimsePort} takes callers without TLS again`))
  if (old?.mode === 'beside' && (now?.mode !== 'beside' || now.port !== old.port)) {
    remarks.push(
      note('tls-port-closes', `the TLS port ${old.port} closes; associations that are open on it have 10 s to end`),
    )
  }
  if (now?.mode === 'beside' && (old?.mode !== 'beside' || now.port !== old.port))
    remarks.push(note('tls-port-opens', `TLS is spoken on port ${now.port}; no restart is needed`))
  if (now !== undefined && !now.requireClientCertificate && old?.requireClientCertificate !== false)
    remarks.push(risk('client-certificate-optional', 'callers need no certificate of their own on the TLS port'))
  return remarks
}

/** Who hears more than before. */
export function exposureRemarks(before: Settings, after: Settings): Remark[] {
  const remarks: Remark[] = []
  for (const caller of after.callers) {
    const old = before.callers.find((one) => one.aeTitle === caller.aeTitle)
    const title = caller.aeTitle.trim()
    const everywhere = caller.addresses.filter((network) => /\/0$/.test(network) && !old?.addresses.includes(network))
    if (everywhere.length > 0)
      remarks.push(risk('any-address', `${title} may call from any address (${everywhere.join(', ')})`))
    if (caller.mayQuery === true && old?.mayQuery !== true)
      remarks.push(note('may-query', `${title} may ask for studies, and is told patients' names`))
    if (old?.certificate !== undefined && caller.certificate === undefined)
      remarks.push(risk('certificate-rule-removed', `${title} is no longer bound to its certificate`))
  }
  for (const destination of after.destinations) {
    const old = before.destinations.find((one) => one.name === destination.name)
    if (old?.tls !== undefined && destination.tls === undefined)
      remarks.push(risk('destination-without-tls', `results for ${destination.name} travel readable`))
    if (destination.url?.startsWith('http:') === true && old?.url !== destination.url)
      remarks.push(
        risk('destination-without-tls', `results for ${destination.name} travel readable: its URL is not https`),
      )
  }
  return remarks
}

/** Certificates of ours that have run out or soon will. */
export function certificateRemarks({ certificates, now }: PlanWorld): Remark[] {
  return certificates.flatMap(({ file, notAfter }) => {
    const day = new Date(notAfter).toISOString().slice(0, 10)
    if (notAfter <= now)
      return [risk('certificate-expired', `the certificate in ${file} ran out on ${day}: peers refuse it`)]
    const days = Math.floor((notAfter - now) / DAY_MS)
    return days > SOON_DAYS
      ? []
      : [
          note(
            'certificate-expires',
            `the certificate in ${file} runs out on ${day}, in ${days} days; renew the file, no restart is needed`,
          ),
        ]
  })
}

/** What happens to objects that are kept, and what waits for a restart. */
export function keepingRemarks(before: Settings, after: Settings): Remark[] {
  const differs = (member: keyof Settings): boolean => JSON.stringify(before[member]) !== JSON.stringify(after[member])
  return [
    ...(differs('retention') ? [risk('retention-changed', 'studies are removed by other rules from now on')] : []),
    ...(!before.pixels.exportHeads && after.pixels.exportHeads
      ? [risk('heads-leave', 'volumes of heads may be exported from now on; a face can be made of them')]
      : []),
    ...(before.egress.hold && !after.egress.hold
      ? [risk('hold-off', 'envelopes leave from now on without a person; what waits already goes on waiting')]
      : []),
    ...(before.encryptInstances && !after.encryptInstances
      ? [risk('encryption-off', 'objects that come from now on lie readable on the disk')]
      : []),
    ...(differs('hl7') ? [note('needs-restart', 'the HL7 listener changes with the next start of the appliance')] : []),
  ]
}

/** Limits that would bite at once. */
export function roomRemarks(before: Settings, after: Settings, { freeBytes, heldBytes }: PlanWorld): Remark[] {
  const remarks: Remark[] = []
  const { minimumFreeBytes, maximumHeldBytes } = after.limits
  if (freeBytes < minimumFreeBytes && before.limits.minimumFreeBytes < minimumFreeBytes) {
    remarks.push(
      risk(
        'hard-mark-at-once',
        `only ${freeBytes} bytes are free: new objects are refused as soon as this is in force`,
      ),
    )
  }
  if (maximumHeldBytes !== undefined && heldBytes >= maximumHeldBytes) {
    remarks.push(risk('held-bytes-at-once', `${heldBytes} bytes are held already: new objects are refused at once`))
  }
  return remarks
}
