import { BlockList, isIP } from 'node:net'
import type { AssociationFacts, CallerDecision, CallerPolicy } from '../dimse/index.ts'
import type { CurrentSettings, Settings } from '../settings.ts'

/** Default-deny for the DICOM port: the settings name who may call, and from where. */
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

/**
 * The rule itself: our own title must be called (PS3.8 9.3.4, called-AE-title-not-recognized), and the caller must be
 * named with an address that covers its own. Out of the box only this machine may call, with any title.
 */
export function decideCaller(
  facts: Pick<AssociationFacts, 'calledAeTitle' | 'callingAeTitle' | 'remoteAddress'>,
  calledAeTitle: string,
  settings: Pick<Settings, 'callers' | 'acceptLoopback'>,
): CallerDecision {
  if (facts.calledAeTitle.trim() !== calledAeTitle) return rejected('called-ae-title')
  if (settings.acceptLoopback && addressIsIn(facts.remoteAddress, ['127.0.0.0/8', '::1'])) return { kind: 'accepted' }
  const title = facts.callingAeTitle.trim()
  const named = settings.callers.filter((caller) => caller.aeTitle.trim() === title)
  if (named.length === 0) return rejected('calling-ae-title')
  if (named.some((caller) => addressIsIn(facts.remoteAddress, caller.addresses))) return { kind: 'accepted' }
  return rejected('address')
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

function rejected(why: 'called-ae-title' | 'calling-ae-title' | 'address'): CallerDecision {
  return { kind: 'rejected', why, transient: false }
}
