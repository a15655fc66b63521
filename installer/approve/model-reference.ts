import type { ModelVersion } from '@leadglass/ui/contract/hub-api'
import { InstallerError } from '../errors.ts'

/** Reads NAME@VERSION. @throws InstallerError `input-invalid` */
export function parseReference(text: string): Pick<ModelVersion, 'name' | 'version'> {
  const [name = '', version = '', ...rest] = text.split('@')
  if (name !== '' && version !== '' && rest.length === 0) return { name, version }
  throw new InstallerError('input-invalid', {
    message: `"${text}" does not name a version`,
    effect: 'nothing was read or changed',
    nextStep: 'write it as NAME@VERSION, such as chest-radiograph@1.0.0',
  })
}
