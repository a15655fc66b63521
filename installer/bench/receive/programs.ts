import { InstallerError } from '../../errors.ts'
import { peer } from '../../testing/peers.ts'

/** Paths of the programs that the bench runs. */
export interface Programs {
  readonly storescu: string
  readonly storescp: string
  readonly orthanc: string
  readonly openssl: string
}

/** Finds them. @throws InstallerError `peer-missing`. */
export function findPrograms(): Programs {
  const [storescu, storescp] = [required('storescu'), required('storescp')]
  return { storescu, storescp, orthanc: required('Orthanc'), openssl: required('openssl') }
}

function required(program: string): string {
  const path = peer(program)
  if (path !== undefined) return path
  throw new InstallerError('peer-missing', {
    message: `${program} is not installed`,
    effect: 'there is nothing to compare with',
    nextStep: 'on Debian: apt-get install dcmtk orthanc openssl',
  })
}
