import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peer } from './peers.ts'

const UTILITY = peer('softhsm2-util')
const TOOL = peer('pkcs11-tool')

/** Where Debian keeps SoftHSM's PKCS#11 module. */
export const TOKEN_MODULE = '/usr/lib/softhsm/libsofthsm2.so'
/** Name of the token of {@link createSoftToken}. */
export const TOKEN_LABEL = 'leadglass'
/** PIN of the token of {@link createSoftToken}. */
export const TOKEN_PIN = '27182845'
/** True where SoftHSM or OpenSC is not installed (and peers are not required). */
export const WITHOUT_TOKEN = UTILITY === undefined || TOOL === undefined || !existsSync(TOKEN_MODULE)

/** A real PKCS#11 token in a folder of its own. */
export interface SoftToken {
  readonly folder: string
  /** For child processes; this process has it already. */
  readonly environment: Readonly<Record<string, string>>
  /** Takes the token out: nothing in it can be used until it is put in again. */
  takeOut(): Promise<void>
  putIn(): Promise<void>
  /** What the token says of its private keys. */
  privateKeys(): string
  remove(): Promise<void>
}

/** Makes a token with one user PIN, and points this process at it. */
export async function createSoftToken(): Promise<SoftToken> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-softhsm-'))
  const [tokens, away] = [join(folder, 'tokens'), join(folder, 'away')]
  await mkdir(tokens)
  const settings = join(folder, 'softhsm2.conf')
  await writeFile(settings, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`)
  const before = process.env.SOFTHSM2_CONF
  process.env.SOFTHSM2_CONF = settings
  const pins = ['--so-pin', '31415926', '--pin', TOKEN_PIN]
  const made = spawnSync(UTILITY ?? '', ['--init-token', '--free', '--label', TOKEN_LABEL, ...pins])
  if (made.status !== 0) throw new Error('SoftHSM makes no token')
  const list = ['--login', '--pin', TOKEN_PIN, '--list-objects', '--type', 'privkey']
  return {
    folder,
    environment: { SOFTHSM2_CONF: settings },
    async takeOut() {
      await rename(tokens, away)
      await mkdir(tokens)
    },
    async putIn() {
      await rm(tokens, { recursive: true })
      await rename(away, tokens)
    },
    privateKeys: () =>
      spawnSync(TOOL ?? '', ['--module', TOKEN_MODULE, '--token-label', TOKEN_LABEL, ...list], { encoding: 'utf8' })
        .stdout,
    async remove() {
      if (before === undefined) delete process.env.SOFTHSM2_CONF
      else process.env.SOFTHSM2_CONF = before
      await rm(folder, { recursive: true, force: true })
    },
  }
}
