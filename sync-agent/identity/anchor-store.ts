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
   * Keeps what a hub gave. What was missing is filled in; root, policy and log are never replaced. The key of desired
   * documents may only become a later one: it is what the appliance is offered, and counts there when a person confirmed.
   * @returns true when something is new.
   * @throws {IdentityError} `anchors-differ` for another root, policy or log.
   */
  async pin(given: Anchors): Promise<boolean> {
    const known = await this.read()
    assertContinues(known, given)
    const pinned = known === undefined ? given : continued(known, given)
    if (pinned === known) return false
    await writeFileAtomically(this.#path, JSON.stringify(pinned))
    return true
  }
}

function continued(known: Anchors, given: Anchors): Anchors {
  const isLater = given.desiredKey.number > known.desiredKey.number
  const isFuller = known.updates === null && given.updates !== null
  if (!isLater && !isFuller) return known
  return {
    ...known,
    updates: known.updates ?? given.updates,
    desiredKey: isLater ? given.desiredKey : known.desiredKey,
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
