import type { LinkErrorCode } from './link-error.ts'

/** What a person is to make of a link that is down. `permanent`: nothing changes until somebody does something. */
export interface LinkAdvice {
  readonly permanent: boolean
  readonly nextStep: string
}

const WAIT = 'nothing: it is tried again for ever'

const ADVICE: Readonly<Record<LinkErrorCode, LinkAdvice>> = {
  unreachable: { permanent: false, nextStep: `${WAIT}; if it lasts, check name, port and firewall` },
  'timed-out': { permanent: false, nextStep: `${WAIT}; if it lasts, check the firewall` },
  closed: { permanent: false, nextStep: WAIT },
  throttled: { permanent: false, nextStep: `${WAIT}; if it lasts, the hub needs a larger quota` },
  'broker-refused': { permanent: false, nextStep: `${WAIT}; if it lasts, read the log of the hub` },
  'subscription-refused': { permanent: false, nextStep: `${WAIT}; if it lasts, check the rules of the broker` },
  'hub-certificate-refused': {
    permanent: false,
    nextStep: 'check that hub.caFile is the authority of this hub, and the clock of this box',
  },
  'identity-refused': {
    permanent: true,
    nextStep: 'check that the certificate of this box is of the hub’s authority and not expired; else join again',
  },
  'credentials-unreadable': {
    permanent: true,
    nextStep: 'put key and certificate where the settings of the agent say',
  },
  'credentials-refused': {
    permanent: true,
    nextStep:
      'put the key or certificate that the hub knows into the agent’s folder; no restart is needed. Check the clock too',
  },
  'device-not-admitted': {
    permanent: true,
    nextStep:
      'the hub has revoked this box or holds it: look at its page on the hub; a revoked box joins under a new name',
  },
}

/** What to do about a link that is down. */
export function linkAdvice(code: LinkErrorCode): LinkAdvice {
  return ADVICE[code]
}

/** The same for a code that another process wrote down; `undefined` for what is none of a link's. */
export function adviceFor(code: string): LinkAdvice | undefined {
  return new Map<string, LinkAdvice>(Object.entries(ADVICE)).get(code)
}
