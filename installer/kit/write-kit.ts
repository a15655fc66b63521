import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishedRepository } from '@leadglass/cloud-hub/commands'
import { KIT_ACKNOWLEDGEMENTS, KIT_REPOSITORY, writeKitList } from '@leadglass/sync-agent/exchange'
import { silentLogger, systemClock, toIsoInstant, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { FolderFetcher, NO_MARKS, UpdateClient } from '@leadglass/sync-agent/updates'
import { InstallerError } from '../errors.ts'

/** Statements for public tools (OpenSSF Model Signing), beside the manifests. */
const STATEMENT = '.oms.sigstore.json'

/** What a kit for sites was filled with. */
export interface WrittenKit {
  readonly models: readonly string[]
  readonly acknowledgements: readonly string[]
  readonly statements: number
  /** Until when a box installs from it. */
  readonly freshUntil: string | null
}

/**
 * Fills a folder with what sites need: the newest release of each model with everything that proves it, all recalls, and
 * the notes. The repository is read by the client that a box uses, so that no kit is carried that a box would refuse.
 * @param notes signed acknowledgements of the hub.
 * @throws InstallerError `kit-refused` when the hub's own repository does not verify.
 */
export async function writeKit(
  hubFolder: string,
  folder: string,
  notes: readonly { readonly device: string; readonly note: string }[],
): Promise<WrittenKit> {
  const { folder: repository, policy } = await publishedRepository(hubFolder)
  const initialRoot = await readFile(join(repository, 'metadata', '1.root.json')).catch(() => undefined)
  let models: readonly string[] = []
  let freshUntil: string | null = null
  let statements = 0
  if (initialRoot !== undefined && policy !== null) {
    const outcome = await readRepository(repository, { initialRoot, policy }, join(folder, KIT_REPOSITORY))
    freshUntil = outcome.freshUntil
    models = outcome.releases.map(({ model }) => `${model.name}@${model.version}`)
    for (const { model } of outcome.releases) {
      const below = join('targets', 'models', model.name, model.version)
      statements += await copyStatements(join(repository, below), join(folder, 'statements', model.name, model.version))
    }
  }
  for (const { device, note } of notes) {
    await mkdir(join(folder, KIT_ACKNOWLEDGEMENTS), { recursive: true })
    await writeFileAtomically(join(folder, KIT_ACKNOWLEDGEMENTS, `${device}.note`), note, 0o644)
  }
  await writeKitList(folder, { direction: 'to-site', device: null, at: toIsoInstant(systemClock.now()) })
  return { models, acknowledgements: notes.map(({ device }) => device), statements, freshUntil }
}

async function readRepository(
  repository: string,
  trust: Pick<ConstructorParameters<typeof UpdateClient>[0], 'initialRoot' | 'policy'>,
  kitFolder: string,
) {
  const stateFolder = await mkdtemp(join(tmpdir(), 'leadglass-kit-'))
  try {
    const outcome = await new UpdateClient({
      ...trust,
      fetcher: new FolderFetcher({ folder: repository }),
      kitFolder,
      stateFolder,
      highWaterMarks: { read: async () => NO_MARKS, raise: async () => undefined },
      clock: systemClock,
      logger: silentLogger,
    }).refresh()
    const fault = outcome.kind === 'verified' ? outcome.refused[0] : outcome
    if (outcome.kind !== 'verified' || fault !== undefined) {
      throw new InstallerError('kit-refused', {
        message: `the hub's repository cannot be carried: ${fault?.message ?? 'unknown'}`,
        effect: 'no kit was written',
        nextStep: 'put right what the message names, then write the kit again',
      })
    }
    await rm(join(kitFolder, '.partial'), { recursive: true, force: true })
    return outcome
  } finally {
    await rm(stateFolder, { recursive: true, force: true })
  }
}

async function copyStatements(from: string, to: string): Promise<number> {
  const names = (await readdir(from).catch(() => [])).filter((name) => name.endsWith(STATEMENT))
  for (const name of names) await cp(join(from, name), join(to, name))
  return names.length
}
