import { type FuseConfig, FuseState, FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses'
import { InstallerError } from '../errors.ts'

/** What a packaged console can never be started as, whatever its environment or its arguments say. */
const WANTED = {
  // ELECTRON_RUN_AS_NODE would make a plain Node of it.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
} as const

/** A fuse by its name, and how it stands. */
export interface FuseFact {
  readonly fuse: string
  readonly enabled: boolean
}

/** Sets the fuses of a packaged program and reads them back. @throws InstallerError when one does not stand as wanted. */
export async function setFuses(program: string): Promise<readonly FuseFact[]> {
  await flipFuses(program, { version: FuseVersion.V1, ...WANTED })
  return assertFuses(program)
}

/** Reads the fuses of a program. @throws InstallerError `package-refused` when one does not stand as wanted. */
export async function assertFuses(program: string): Promise<readonly FuseFact[]> {
  const wire: FuseConfig<FuseState> = await getCurrentFuseWire(program)
  const facts: FuseFact[] = []
  for (const [option, wanted] of Object.entries(WANTED)) {
    const fuse = FuseV1Options[Number(option)] ?? option
    const enabled = wire[Number(option) as FuseV1Options] === FuseState.ENABLE
    if (enabled !== wanted) {
      throw new InstallerError('package-refused', {
        message: `the fuse ${fuse} is ${enabled ? 'on' : 'off'}`,
        effect: 'the package is not to be given to anybody',
        nextStep: 'make the package anew from an untouched archive of Electron',
      })
    }
    facts.push({ fuse, enabled })
  }
  return facts
}
