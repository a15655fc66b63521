import { isAeTitle } from '@leadglass/appliance/dimse'
import { InstallerError } from '../errors.ts'

/** A DICOM node: `AET@HOST:PORT`. */
export interface NodeAddress {
  readonly aeTitle: string
  readonly host: string
  readonly port: number
}

/** Parses `AET@HOST:PORT`; an IPv6 host stands in brackets. @throws InstallerError `input-invalid`. */
export function parseNodeAddress(text: string): NodeAddress {
  const match = /^([^@]{1,16})@(\[[0-9a-fA-F:]+\]|[^:@\s]+):(\d{1,5})$/.exec(text)
  const [, aeTitle = '', host = '', portText = ''] = match ?? []
  const port = Number(portText)
  if (match !== null && isAeTitle(aeTitle) && port >= 1 && port <= 65_535) {
    return { aeTitle, host: host.replace(/^\[|\]$/g, ''), port }
  }
  throw new InstallerError('input-invalid', {
    message: `"${text}" is not an address of a DICOM node`,
    effect: 'nothing was sent',
    nextStep: 'write it as AET@HOST:PORT, such as LEADGLASS@127.0.0.1:11112',
  })
}
