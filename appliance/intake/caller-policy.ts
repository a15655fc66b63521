import { BlockList, isIP } from 'node:net'
import type { AssociationFacts, CallerDecision, CallerPolicy } from '../dimse/index.ts'
import type { CurrentSettings, Settings } from '../settings.ts'

/** Default-deny for the DICOM port: the settings name who may call, from where, and with which certificate. */
export class SettingsCallerPolicy implements CallerPolicy {
  readonly #calledAeTitle: string
  readonly #settings: CurrentSettings

  constructor(calledAeTitle: string, settings: CurrentSettings) {
    this.#calledAeTitle = calledAeTitle
    this.#settings = settings
  }

  decide(facts: AssociationFacts): CallerDecision {
    return decideCaller(facts, this.#calledAeTitle, this.#settings())
  }
}

/** What the rule looks at. */
type CallerFacts = Pick<
  AssociationFacts,
  'calledAeTitle' | 'callingAeTitle' | 'remoteAddress' | 'tls' | 'certificateSubject' | 'certificateSha256'
>

type Caller = Settings['callers'][number]

/**
 * The rule itself: our own title must be called (PS3.8 9.3.4, called-AE-title-not-recognized), and the caller must be
 * named with an address that covers its own and, where its entry names certificates, show one of them. Out of the box
 * only this machine may call, with any title. One title may have several entries: one that fits is enough.
 */
export function decideCaller(
  facts: CallerFacts,
  calledAeTitle: string,
  settings: Pick<Settings, 'callers' | 'acceptLoopback'>,
): CallerDecision {
  if (facts.calledAeTitle.trim() !== calledAeTitle) return rejected('called-ae-title')
  if (settings.acceptLoopback && addressIsIn(facts.remoteAddress, ['127.0.0.0/8', '::1'])) return { kind: 'accepted' }
  const title = facts.callingAeTitle.trim()
  const named = settings.callers.filter((caller) => caller.aeTitle.trim() === title)
  if (named.length === 0) return rejected('calling-ae-title')
  const here = named.filter((caller) => addressIsIn(facts.remoteAddress, caller.addresses))
  if (here.length === 0) return rejected('address')
  return here.some((caller) => certificateFits(facts, caller.certificate))
    ? { kind: 'accepted' }
    : rejected('certificate')
}

/** A caller without a rule needs no certificate of its own: whether any is needed is the listener's to say. */
function certificateFits(facts: CallerFacts, rule: Caller['certificate']): boolean {
  if (rule === undefined) return true
  const { tls, certificateSubject: subject, certificateSha256: sha256 } = facts
  if (!tls) return false
  if (sha256 !== null && rule.sha256.includes(sha256)) return true
  return subject !== null && rule.subjects.some((one) => plainName(one) === plainName(subject))
}

/** `CN=ct-1, O=Hospital` and `CN=ct-1,O=Hospital` are one name (RFC 4514 2.1); an escaped comma belongs to a value. */
function plainName(name: string): string {
  return name.trim().replace(/(?<!\\),\s+/g, ',')
}

/** True when an address is one of the addresses or lies in one of the networks. An IPv4-mapped IPv6 address is IPv4. */
export function addressIsIn(address: string, networks: readonly string[]): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
  const family = isIP(plain)
  if (family === 0) return false
  const type = family === 6 ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  for (const network of networks) {
    const [base = '', prefix] = network.split('/')
    // A block list lets IPv4 addresses into IPv6 networks as mapped ones; here each family stands for itself.
    if (isIP(base) !== family) continue
    if (prefix === undefined) list.addAddress(base, type)
    else list.addSubnet(base, Number(prefix), type)
  }
  return list.check(plain, type)
}

function rejected(why: 'called-ae-title' | 'calling-ae-title' | 'address' | 'certificate'): CallerDecision {
  return { kind: 'rejected', why, transient: false }
}
