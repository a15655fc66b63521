import { DimseError } from '../errors.ts'
import type { Rejection } from '../upper-layer/pdu.ts'

/** PS3.8 9.3.4, table 9-21, by source and reason. */
const REASONS: Readonly<Record<string, { text: string; nature: 'permanent' | 'transient' | 'as-told' }>> = {
  '1/1': { text: 'no reason given', nature: 'as-told' },
  '1/2': { text: 'application context name not supported', nature: 'permanent' },
  '1/3': { text: 'calling AE title not recognised', nature: 'permanent' },
  '1/7': { text: 'called AE title not recognised', nature: 'permanent' },
  '2/1': { text: 'no reason given by the service provider', nature: 'as-told' },
  '2/2': { text: 'protocol version not supported', nature: 'permanent' },
  '3/1': { text: 'temporary congestion', nature: 'transient' },
  '3/2': { text: 'local limit exceeded', nature: 'transient' },
}

/**
 * The failure that an A-ASSOCIATE-RJ stands for. A reason that can only be permanent, such as an unknown AE title, is
 * so whatever result the peer sent with it: gateways that believed "transient" there tried for ever.
 */
export function rejectedError(rejection: Rejection): DimseError {
  const { text, nature } = REASONS[`${rejection.source}/${rejection.reason}`] ?? {
    text: 'a reason that PS3.8 does not list',
    nature: 'as-told' as const,
  }
  const permanent = nature === 'as-told' ? rejection.result === 1 : nature === 'permanent'
  const code = permanent ? 'association-rejected-permanent' : 'association-rejected-transient'
  const { result, source, reason } = rejection
  return new DimseError(code, `association rejected: ${text} (result ${result}, source ${source}, reason ${reason})`)
}
