import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where `npm run engine:native` builds: a folder that installing the product never touches. */
const NATIVE_ENGINE_FOLDER = resolve(import.meta.dirname, '..', '..', '..', 'installer', 'engine', 'native')

/** The addon in a folder, or `undefined` when it is not built there. */
export function nativeAddon(folder: string = NATIVE_ENGINE_FOLDER): string | undefined {
  const path = join(folder, 'node_modules', 'dicom-dimse-native', 'build', 'Release', 'dcmtk.node')
  return existsSync(path) ? path : undefined
}
