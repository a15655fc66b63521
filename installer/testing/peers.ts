import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** CI sets this: a missing peer or a missing data set is then a failure instead of a named skip. */
const PEERS_REQUIRED = process.env.LEADGLASS_REQUIRE_PEERS === '1'

const REPOSITORY_ROOT = resolve(import.meta.dirname, '..', '..')

/**
 * Where an external program is that a test talks to (DCMTK's `storescu`, `Orthanc`, `mosquitto`, `dciodvfy`, `chromium`).
 * @returns its path, or `undefined` when it is not installed and peers are not required.
 * @throws when it is not installed and LEADGLASS_REQUIRE_PEERS=1.
 */
export function peer(program: string): string | undefined {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']) {
    const candidate = join(folder, program)
    if (isExecutable(candidate)) return candidate
  }
  if (PEERS_REQUIRED)
    throw new Error(`the peer ${program} is required (LEADGLASS_REQUIRE_PEERS=1) and is not installed`)
  return undefined
}

/**
 * A Python that has the packages of `requirements.txt` beside this file, named by LEADGLASS_PYTHON: an independent reader of
 * what the product writes.
 * @returns `undefined` when none is named and peers are not required.
 * @throws when none is named, or none is there, and LEADGLASS_REQUIRE_PEERS=1.
 */
export function pythonPeer(): string | undefined {
  const named = process.env.LEADGLASS_PYTHON
  if (named !== undefined && isExecutable(named)) return named
  if (PEERS_REQUIRED)
    throw new Error('a Python with highdicom is required (LEADGLASS_REQUIRE_PEERS=1) and LEADGLASS_PYTHON names none')
  return undefined
}

/**
 * The Electron that drives the console in tests (`installer/testing/electron-runtime/prepare.mjs` makes it), named by
 * LEADGLASS_ELECTRON.
 * @returns `undefined` when none is named and peers are not required.
 * @throws when none is named, or none is there, and LEADGLASS_REQUIRE_PEERS=1.
 */
export function electronPeer(): string | undefined {
  const named = process.env.LEADGLASS_ELECTRON
  if (named !== undefined && isExecutable(named)) return named
  if (PEERS_REQUIRED)
    throw new Error('an Electron is required (LEADGLASS_REQUIRE_PEERS=1) and LEADGLASS_ELECTRON names none')
  return undefined
}

/**
 * The absolute path of a file or folder of the shared test data, which lies beside the repository.
 * @param relative path below `shared/data`, such as `dicom/pydicom/CT_small.dcm`.
 * @returns `undefined` when the data is not there and peers are not required.
 */
export function sharedData(relative: string): string | undefined {
  const path = join(REPOSITORY_ROOT, '..', 'shared', 'data', relative)
  if (existsSync(path)) return path
  if (PEERS_REQUIRED)
    throw new Error(`the shared test data ${relative} is required (LEADGLASS_REQUIRE_PEERS=1) and is missing`)
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
