import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Anchors, anchorFingerprints, anchors } from '../contract/index.ts'
import { writeFileAtomically } from '../foundation/index.ts'
import { IdentityError } from './errors.ts'

/** `anchors.json` in the agent's state folder: what the box has pinned of its hub. */
export class AnchorStore {
  readonly #path: string

  /** @param folder the agent's `state` folder. */
  constructor(folder: string) {
    this.#path = join(folder, 'anchors.json')
  }

  /** What is pinned; undefined before the hub has given it. @throws for a damaged file: trust is never guessed at. */
  async read(): Promise<Anchors | undefined> {
    try {
      return anchors.parse(JSON.parse(await readFile(this.#path, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /**
   * Pins what a hub gave. What was missing is filled in; what is there is never replaced. The key of desired documents
   * stays the first one: later ones prove themselves by their chain.
   * @returns true when something new is pinned.
   * @throws {IdentityError} `anchors-differ` for another root, policy or log.
   */
  async pin(given: Anchors): Promise<boolean> {
    const known = await this.read()
    assertContinues(known, given)
    if (known !== undefined && (known.updates !== null || given.updates === null)) return false
    const pinned = known === undefined ? given : { ...known, updates: given.updates }
    await writeFileAtomically(this.#path, JSON.stringify(pinned))
    return true
  }
}

/** Refuses another root, policy or log than the ones that are pinned. @throws {IdentityError} `anchors-differ`. */
function assertContinues(known: Anchors | undefined, given: Anchors): void {
  if (known === undefined) return
  const before = anchorFingerprints(known)
  const now = anchorFingerprints(given)
  const isOtherRoot = before.root !== null && (before.root !== now.root || before.policy !== now.policy)
  const isOtherLog = known.hubKeys.join() !== given.hubKeys.join()
  if (!isOtherRoot && !isOtherLog) return
  throw new IdentityError('anchors-differ', 'permanent', {
    message: `the hub names another ${isOtherRoot ? 'root of updates' : 'log'} than the one that this box has pinned`,
    effect: 'what was pinned stays in force; nothing of the new hub is trusted',
    nextStep: 'compare the fingerprints with the hub’s page; a box goes to another hub only when it is set up anew',
  })
}
