import { createHash, createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { applianceConfiguration } from '../configuration.ts'
import { applianceFolders } from '../folders.ts'

/** What a console is told once, so that it never takes another machine for this one. */
export interface ConsolePairing {
  readonly device: string
  /** The address that the appliance listens on; a wildcard stands for all of this machine's. */
  readonly host: string
  readonly port: number
  /** SHA-256 of the door's public key (SPKI), base64url. */
  readonly pin: string
}

/** @returns `undefined` where no door for consoles is configured, or the appliance never ran. */
export async function consolePairing(configurationFile: string): Promise<ConsolePairing | undefined> {
  const configuration = applianceConfiguration.parse(JSON.parse(await readFile(configurationFile, 'utf8')))
  const { device, host, consolePort, dataFolder, keysFolder } = configuration
  if (consolePort === undefined) return undefined
  const { secrets } = applianceFolders(dataFolder, keysFolder)
  const keyPem = await readFile(join(secrets, 'console.key.pem'), 'utf8').catch(() => undefined)
  if (keyPem === undefined) return undefined
  const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' })
  return { device, host, port: consolePort, pin: createHash('sha256').update(spki).digest('base64url') }
}
